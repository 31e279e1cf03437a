select t.body
from (
    select anze.accountability_tree( --? by=accountability
    select anze.territory_tree( --? by=territory
        :unit_id::uuid, :depth::int,
        :on::date --? on
        anze.today() --? !on
    ) as body) t
where t.body is not null
