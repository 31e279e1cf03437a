-- Settling: which records serve which obligation, and what of it is done.

-- After records were written, published or retracted: counts the obligations again that they serve or served.
create or replace function anze.settle_records(record_ids uuid[]) returns void
security definer language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    null;
end
$$;
