-- What bodies of each kind may do. A deliberative and coordinating body (safety committee, its office) inspects, orders
-- and fines nobody: it coordinates.
insert into anze.body_power as kept (unit_kind, power, instrument, article, confidence) values
    ('department', 'inspect', 'LAW-SAFETY', '第六十五条', 'recalled-high'),
    ('department', 'order', 'LAW-SAFETY', '第六十五条、第七十条', 'recalled-high'),
    ('department', 'fine', 'LAW-SAFETY', '第一百一十五条', 'recalled-high'),
    ('department', 'coordinate', 'LAW-SAFETY', '第十条', 'recalled-med'),
    ('government', 'inspect', 'LAW-SAFETY', '第六十二条', 'recalled-high'),
    ('government', 'order', 'LAW-SAFETY', '第一百一十三条', 'recalled-med'),
    ('government', 'close', 'LAW-SAFETY', '第一百一十三条', 'found'),
    ('government', 'coordinate', 'LAW-SAFETY', '第九条', 'recalled-high'),
    ('township', 'inspect', 'LAW-SAFETY', '第九条', 'recalled-high'),
    ('township', 'coordinate', 'LAW-SAFETY', '第九条', 'recalled-high'),
    ('management_zone', 'inspect', 'LAW-SAFETY', '第九条', 'recalled-high'),
    ('management_zone', 'coordinate', 'LAW-SAFETY', '第九条', 'recalled-high'),
    ('chemical_park', 'inspect', 'LAW-SAFETY', '第九条', 'recalled-med'),
    ('chemical_park', 'coordinate', 'LAW-SAFETY', '第九条', 'recalled-med'),
    ('party_committee', 'coordinate', 'LAW-SAFETY', '第三条', 'recalled-med'),
    ('safety_committee', 'coordinate', 'SCGO-INSPECTION-2024', '一', 'found'),
    ('safety_office', 'coordinate', 'SCGO-INSPECTION-2024', '一', 'found')
on conflict on constraint body_power_pkey do update
set instrument = excluded.instrument, article = excluded.article, confidence = excluded.confidence
where kept is distinct from excluded;
