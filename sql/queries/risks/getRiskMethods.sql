with colours as (
    select jsonb_agg(jsonb_build_object('colour', c.code, 'title_zh', c.title_zh, 'title_en', c.title_en,
        'least_control_level', c.least_control_level) order by c.place) as shown
    from anze.risk_colour c
),
methods as (
    select m.code, jsonb_build_object('method', m.code, 'title_zh', m.title_zh, 'title_en', m.title_en,
        'factors', (
            select jsonb_agg(f.factor_shown order by f.place)
            from (select n.place, jsonb_build_object('factor', n.name, 'values', (
                      select jsonb_agg(jsonb_build_object('value', x.value, 'title_zh', x.title_zh,
                                                          'title_en', x.title_en) order by x.value desc)
                      from anze.risk_factor x where (x.method, x.factor) = (m.code, n.name))) as factor_shown
                  from unnest(anze.risk_factors_of(m.code)) with ordinality n(name, place)) f),
        'boundaries', (
            select jsonb_agg(jsonb_build_object('colour', c.code, 'at_least', r.value, 'rule', r.code,
                'rule_version', r.version, 'confidence', r.confidence) order by c.place)
            from anze.risk_colour c
            join anze.rule r on r.code = 'RISK.' || upper(m.code) || '.' || upper(c.code)
                and r.region_code is null and r.in_force @> anze.today())) as shown
    from (values ('lec', '作业条件危险性分析法（LEC）', 'LEC: D = likelihood x exposure x consequence'),
                 ('matrix', '风险矩阵法', 'Matrix: likelihood x severity')) m(code, title_zh, title_en)
),
written as (
    select jsonb_build_object('colours', (select shown from colours),
        'methods', (select jsonb_agg(shown order by code) from methods))::text as body
)
select body, left(md5(body), 16) as etag from written
