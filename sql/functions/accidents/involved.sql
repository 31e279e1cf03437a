-- What else an accident has to do with: other units by their part in it, further places, and that it moves the public.

set local check_function_bodies = off; -- functions of this folder may name later ones

-- Other units: of the register where the caller sees them, whose name is kept as it was then, else by their name.
create or replace function anze.accident_take_involved(inout a anze.accident, inout faults jsonb) language plpgsql as $$
declare
    named jsonb;
    unknown jsonb;
begin
    if not a.facts ? 'involved' then
        return;
    end if;
    select jsonb_agg(case when i.item ? 'unit_name' then i.item else i.item || jsonb_build_object('unit_name', u.name) end
                     order by i.place),
        coalesce(jsonb_agg(anze.fault('/involved/' || i.place - 1 || '/unit_id', 'unknown-reference', '没有该单位。',
            'There is no such unit.') order by i.place) filter (where not i.item ? 'unit_name' and u.name is null), '[]')
    into named, unknown
    from jsonb_array_elements(a.facts -> 'involved') with ordinality i(item, place)
    left join lateral (
        select x.name from anze.unit x where x.id = (i.item ->> 'unit_id')::uuid and not i.item ? 'unit_name' offset 0) u on true;
    a.facts := a.facts || jsonb_build_object('involved', coalesce(named, '[]'));
    faults := faults || unknown;
end
$$;

-- Further places are of divisions that there were on the day, like the first.
create or replace function anze.accident_place_faults(a anze.accident) returns jsonb stable language plpgsql as $$
begin
    if not a.facts ? 'more_places' then
        return '[]';
    end if;
    return (
        select coalesce(jsonb_agg(f.fault order by p.place), '[]')
        from jsonb_array_elements(a.facts -> 'more_places') with ordinality p(item, place)
        cross join lateral jsonb_array_elements(anze.region_faults(p.item ->> 'region_code', anze.day_of(a.occurred_at),
            '/more_places/' || p.place - 1 || '/region_code')) f(fault));
end
$$;

-- The levels that an accident of a low grade is telephoned to, because it moves the public.
create or replace function anze.accident_telephoned(a anze.accident) returns smallint[] stable language plpgsql as $$
begin
    return array(
        select distinct c.to_level from anze.accident_clocks_of(anze.day_of(a.occurred_at), a.region_code, a.rule_set) c
        where c.if_socially_major and a.grade < c.grade_from);
end
$$;
