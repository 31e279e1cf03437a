-- Work-safety liability insurance 安全生产责任保险.
insert into anze.instrument (code, title, number, issued_by, in_force) values
    ('MEM-2025-27', '安全生产责任保险实施办法', '应急〔2025〕27号', '应急管理部、财政部、金融监管总局等', '[2025-03-29,)')
on conflict on constraint instrument_pkey do nothing;

select anze.ship_rule_limit('INSURE.MIN', stricter => 'more');
select anze.ship_rule('INSURE.MIN', 1, '2025-03-29', null, '安全生产责任保险：每人死亡伤残赔偿限额下限',
    'Work-safety liability insurance: least limit per person for death and disability', 400000, 'cny', 'MEM-2025-27', '第六条',
    'found');
