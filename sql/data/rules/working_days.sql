-- Days off and days worked in their place, as the State Council's office announces them each autumn for the year to
-- come. None of it was at hand when this was written: confirm a year against its notice before relying on it. A year
-- that is not here follows the weekdays.
insert into anze.working_day as kept (day, is_working, title_zh, title_en, instrument, confidence, of_year)
select d.day::date, p.is_working, p.title_zh, p.title_en, n.instrument, n.confidence, year
from (values
    (2023, '国务院办公厅关于2023年部分节假日安排的通知（国办发明电〔2022〕16号）', 'recalled-high'),
    (2024, '国务院办公厅关于2024年部分节假日安排的通知（国办发明电〔2023〕7号）', 'recalled-high'),
    (2025, '国务院办公厅关于2025年部分节假日安排的通知（国办发明电〔2024〕12号）', 'recalled-high'),
    (2026, '国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）', 'recalled-med')
) n(year, instrument, confidence)
join (values
    (2023, '2022-12-31', '2023-01-02', false, '元旦', 'New Year'),
    (2023, '2023-01-21', '2023-01-27', false, '春节', 'Spring Festival'),
    (2023, '2023-01-28', '2023-01-28', true, '春节调休上班', 'Worked for the Spring Festival'),
    (2023, '2023-01-29', '2023-01-29', true, '春节调休上班', 'Worked for the Spring Festival'),
    (2023, '2023-04-05', '2023-04-05', false, '清明节', 'Qingming'),
    (2023, '2023-04-29', '2023-05-03', false, '劳动节', 'Labour Day'),
    (2023, '2023-04-23', '2023-04-23', true, '劳动节调休上班', 'Worked for Labour Day'),
    (2023, '2023-05-06', '2023-05-06', true, '劳动节调休上班', 'Worked for Labour Day'),
    (2023, '2023-06-22', '2023-06-24', false, '端午节', 'Dragon Boat Festival'),
    (2023, '2023-06-25', '2023-06-25', true, '端午节调休上班', 'Worked for the Dragon Boat Festival'),
    (2023, '2023-09-29', '2023-10-06', false, '中秋节、国庆节', 'Mid-Autumn and National Day'),
    (2023, '2023-10-07', '2023-10-07', true, '国庆节调休上班', 'Worked for National Day'),
    (2023, '2023-10-08', '2023-10-08', true, '国庆节调休上班', 'Worked for National Day'),
    (2024, '2024-01-01', '2024-01-01', false, '元旦', 'New Year'),
    (2024, '2024-02-10', '2024-02-17', false, '春节', 'Spring Festival'),
    (2024, '2024-02-04', '2024-02-04', true, '春节调休上班', 'Worked for the Spring Festival'),
    (2024, '2024-02-18', '2024-02-18', true, '春节调休上班', 'Worked for the Spring Festival'),
    (2024, '2024-04-04', '2024-04-06', false, '清明节', 'Qingming'),
    (2024, '2024-04-07', '2024-04-07', true, '清明节调休上班', 'Worked for Qingming'),
    (2024, '2024-05-01', '2024-05-05', false, '劳动节', 'Labour Day'),
    (2024, '2024-04-28', '2024-04-28', true, '劳动节调休上班', 'Worked for Labour Day'),
    (2024, '2024-05-11', '2024-05-11', true, '劳动节调休上班', 'Worked for Labour Day'),
    (2024, '2024-06-10', '2024-06-10', false, '端午节', 'Dragon Boat Festival'),
    (2024, '2024-09-15', '2024-09-17', false, '中秋节', 'Mid-Autumn'),
    (2024, '2024-09-14', '2024-09-14', true, '中秋节调休上班', 'Worked for Mid-Autumn'),
    (2024, '2024-10-01', '2024-10-07', false, '国庆节', 'National Day'),
    (2024, '2024-09-29', '2024-09-29', true, '国庆节调休上班', 'Worked for National Day'),
    (2024, '2024-10-12', '2024-10-12', true, '国庆节调休上班', 'Worked for National Day'),
    (2025, '2025-01-01', '2025-01-01', false, '元旦', 'New Year'),
    (2025, '2025-01-28', '2025-02-04', false, '春节', 'Spring Festival'),
    (2025, '2025-01-26', '2025-01-26', true, '春节调休上班', 'Worked for the Spring Festival'),
    (2025, '2025-02-08', '2025-02-08', true, '春节调休上班', 'Worked for the Spring Festival'),
    (2025, '2025-04-04', '2025-04-06', false, '清明节', 'Qingming'),
    (2025, '2025-05-01', '2025-05-05', false, '劳动节', 'Labour Day'),
    (2025, '2025-04-27', '2025-04-27', true, '劳动节调休上班', 'Worked for Labour Day'),
    (2025, '2025-05-31', '2025-06-02', false, '端午节', 'Dragon Boat Festival'),
    (2025, '2025-10-01', '2025-10-08', false, '国庆节、中秋节', 'National Day and Mid-Autumn'),
    (2025, '2025-09-28', '2025-09-28', true, '国庆节调休上班', 'Worked for National Day'),
    (2025, '2025-10-11', '2025-10-11', true, '国庆节调休上班', 'Worked for National Day'),
    (2026, '2026-01-01', '2026-01-03', false, '元旦', 'New Year'),
    (2026, '2026-01-04', '2026-01-04', true, '元旦调休上班', 'Worked for New Year'),
    (2026, '2026-02-15', '2026-02-23', false, '春节', 'Spring Festival'),
    (2026, '2026-02-14', '2026-02-14', true, '春节调休上班', 'Worked for the Spring Festival'),
    (2026, '2026-02-28', '2026-02-28', true, '春节调休上班', 'Worked for the Spring Festival'),
    (2026, '2026-04-04', '2026-04-06', false, '清明节', 'Qingming'),
    (2026, '2026-05-01', '2026-05-05', false, '劳动节', 'Labour Day'),
    (2026, '2026-05-09', '2026-05-09', true, '劳动节调休上班', 'Worked for Labour Day'),
    (2026, '2026-06-19', '2026-06-21', false, '端午节', 'Dragon Boat Festival'),
    (2026, '2026-09-25', '2026-09-27', false, '中秋节', 'Mid-Autumn'),
    (2026, '2026-10-01', '2026-10-07', false, '国庆节', 'National Day'),
    (2026, '2026-09-20', '2026-09-20', true, '国庆节调休上班', 'Worked for National Day'),
    (2026, '2026-10-10', '2026-10-10', true, '国庆节调休上班', 'Worked for National Day')
) p(year, since, until, is_working, title_zh, title_en) using (year)
cross join lateral generate_series(p.since::date, p.until::date, interval '1 day') d(day)
on conflict on constraint working_day_pkey do update
set is_working = excluded.is_working, title_zh = excluded.title_zh, title_en = excluded.title_en,
    instrument = excluded.instrument, confidence = excluded.confidence, of_year = excluded.of_year
where (kept.is_working, kept.title_zh, kept.title_en, kept.instrument, kept.confidence, kept.of_year)
    is distinct from (excluded.is_working, excluded.title_zh, excluded.title_en, excluded.instrument,
                      excluded.confidence, excluded.of_year);
