-- anze: with-functions
-- Who decides holds a post: takers ask for it, each for its own. The functions of the last release read it of the action.

update anze.case_action a
set takers = (
    select jsonb_agg(case
        when t.taker = '"system"' then t.taker
        when jsonb_typeof(t.taker) = 'string' then jsonb_build_object('who', t.taker, 'posts', to_jsonb(a.posts))
        else t.taker || jsonb_build_object('posts', to_jsonb(a.posts)) end order by t.place)
    from jsonb_array_elements(a.takers) with ordinality t(taker, place))
where a.posts <> '{}';
