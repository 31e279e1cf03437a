-- What follows the change of a unit: its duties, findings and lights (functions/duties/work.sql).
insert into anze.unit_follower as kept (name, place, title_zh, title_en) values
    ('duties', 1, '职责、结构检查与红黄绿灯', 'Duties, findings of structure and lights')
on conflict on constraint unit_follower_pkey do update
set place = excluded.place, title_zh = excluded.title_zh, title_en = excluded.title_en;
