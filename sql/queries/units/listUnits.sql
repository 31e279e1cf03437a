with matching as not materialized (
    select u.id, u.kind, u.name, u.code, u.region_code, u.sector, u.level, u.accountable_to, u.risk_class, u.site_kind,
           u.high_risk, u.group_id, u.zone_id, u.opened_on, u.closed_on, u.version, u.updated_at
    from anze.unit u
    where true
      and u.province = :scope_province --? scope_province
      and u.city = :scope_city --? scope_city
      and u.county = :scope_county --? scope_county
      and u.town = left(:scope_town, 9) --? scope_town
      and u.id = any (array(select anze.units_around(:scope_unit::uuid))) --? scope_unit
      and :scope_none::text is null --? scope_none
      and (u.is_body or u.sector = :scope_sector) --? scope_sector
      and (u.is_body or u.sector = any (:scope_sectors::text[])) --? scope_sectors
      and u.kind = :kind --? kind
      and starts_with(u.region_code, anze.region_prefix(:region)) --? region
      and u.sector = :sector --? sector
      and u.credit_code = :credit_code --? credit_code
      and u.id = any (array(select anze.units_with_code_mismatch())) --? credit_code_mismatch=true
      and anze.credit_code_mismatch(u.credit_code) is null --? credit_code_mismatch=false
      and strpos(anze.searched_name(u.name), anze.searched_name(:name)) > 0 --? name
      and u.accountable_to = :accountable_to::uuid --? accountable_to
      and u.code = :code --? code
      and u.site_kind = :site_kind --? site_kind
      and u.risk_class = :risk_class --? risk_class
      and u.high_risk @> array[:high_risk] --? high_risk
      and u.group_id = :group_id::uuid --? group_id
      and u.zone_id = :zone_id::uuid --? zone_id
      and (u.closed_on is null or u.closed_on > anze.today()) --? closed=false
      and u.closed_on <= anze.today() --? closed=true
),
found as (
    select m.*, row_number() over () as place
    from (
        select * from matching
        where true
          -- The first page goes on from before everything, so that each order has one plan. CASE, because under
          -- row-level security a COALESCE counts as leaky, and the index would not be asked.
          and (name, id) > (case when :after_1::text is null then '' else :after_1 end, --? sort=name
                            case when :after_2::text is null then repeat('0', 32) else :after_2 end::uuid) --? sort=name
          and (updated_at, id) < ( --? sort=-updated_at
              case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz, --? sort=-updated_at
              case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid) --? sort=-updated_at
        order by name, id --? sort=name
        order by updated_at desc, id desc --? sort=-updated_at
        limit :limit::int + 1) m
)
select coalesce(json_agg(json_strip_nulls(json_build_object(
           'id', id, 'kind', kind, 'name', name, 'code', code, 'region_code', region_code, 'sector', sector,
           'level', level, 'accountable_to', accountable_to, 'risk_class', risk_class, 'site_kind', site_kind,
           'high_risk', high_risk, 'group_id', group_id, 'zone_id', zone_id, 'opened_on', opened_on,
           'closed_on', closed_on, 'version', version, 'updated_at', anze.instant(updated_at))) order by place)
           filter (where place <= :limit::int), '[]')::text as items,
       case when count(*) > :limit::int then (
            select jsonb_build_array(f.name, f.id)::text --? sort=name
            select jsonb_build_array(f.updated_at::text, f.id)::text --? sort=-updated_at
            from found f where f.place = :limit::int) end as next
     , (select count(*) from matching)::text as total --? count
from found
