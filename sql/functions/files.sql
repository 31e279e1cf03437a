-- Evidence files: until any are stored, none is known.
create or replace function anze.files_faults(file_ids uuid[], pointer text) returns jsonb stable language sql as $$
    select coalesce(jsonb_agg(anze.fault(pointer || '/' || g.place - 1, 'unknown-reference',
        '没有这个文件，或您无权查看。', 'There is no such file, or it is not yours to see.') order by g.place), '[]')
    from unnest(file_ids) with ordinality g(id, place)
$$;
