-- Who decides holds a post: takers ask for it, each for its own. The functions of the last release read it of the action, and
-- pass over what a taker says of posts. The column stays empty until a later release: sessions that have its row in a
-- variable fail once where a column goes.

update anze.case_action a
set takers = (
    select jsonb_agg(case
        when t.taker = '"system"' then t.taker
        when jsonb_typeof(t.taker) = 'string' then jsonb_build_object('who', t.taker, 'posts', to_jsonb(a.posts))
        else t.taker || jsonb_build_object('posts', to_jsonb(a.posts)) end order by t.place)
    from jsonb_array_elements(a.takers) with ordinality t(taker, place))
where a.posts <> '{}';
comment on column anze.case_action.posts is 'read by no function any more: its takers have them. It goes with a later release';
comment on column anze.case_action.takers is
    'each a name, or {"who": name, "power": that the caller''s body has, "level": least level of the caller, "posts": the '
    'person named by the field person_id holds one of these in the caller''s unit}. unit: who acts for the unit of the case; '
    'own: the same, in a case that the unit opened; supervisor: the body that supervises it, or its level; office: a safety '
    'office of the case''s level; upper: a higher level than the case''s; anyone in reach; system: effects and time alone';
