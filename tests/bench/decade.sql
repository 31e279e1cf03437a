-- The partitions that a database has after ten years of work, made in one that is empty yet (compare.py). Versions differ:
-- hazards had one for each month; later each table that anze.partitioned names has one for each span of so many months.
-- Run as the owner of the schema.
do $$
declare
    first_day constant timestamptz := (date_trunc('month', now() at time zone 'Asia/Shanghai') - interval '120 months')
        at time zone 'Asia/Shanghai';
    month timestamp := date_trunc('month', now() at time zone 'Asia/Shanghai') - interval '120 months';
    p record;
    begins_at timestamptz;
    past_ends_at timestamptz;
begin
    if to_regprocedure('anze.make_hazard_partition(text,text,text)') is not null then
        alter table anze.hazard detach partition anze.hazard_past;
        drop table anze.hazard_past;
        perform anze.make_hazard_partition('hazard_past', 'minvalue', quote_literal(first_day));
        while to_regclass(to_char(month, '"anze.hazard_"YYYY_MM')) is null loop
            perform anze.make_hazard_partition(to_char(month, '"hazard_"YYYY_MM'), quote_literal(anze.month_begins(month)),
                quote_literal(anze.month_begins(month + interval '1 month')));
            month := month + interval '1 month';
        end loop;
        return;
    end if;
    for p in select x.name, x.months, to_regclass(format('anze.%I', x.name || '_past')) as past from anze.partitioned x loop
        continue when p.past is null;
        past_ends_at := (select substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''\W*([^'',"]+)')::timestamptz
                         from pg_class c where c.oid = p.past);
        begins_at := anze.span_begins(first_day, p.months);
        continue when past_ends_at is null or past_ends_at <= begins_at;
        execute format('alter table anze.%I detach partition %s', p.name, p.past);
        execute format('drop table %s', p.past);
        perform anze.make_partition(p.name, p.name || '_past', '-infinity', begins_at);
        while begins_at < past_ends_at loop
            perform anze.make_partition(p.name, anze.partition_name(p.name, begins_at, p.months), begins_at,
                least(anze.next_span_begins(begins_at, p.months), past_ends_at));
            begins_at := anze.next_span_begins(begins_at, p.months);
        end loop;
    end loop;
end
$$;
