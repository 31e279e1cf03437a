-- anze: no-transaction
-- What the league counts: listed supervision that is open, of a region. A few tens in a city.
create index concurrently if not exists case_file_listed_open on anze.case_file (region_code)
    where kind = 'listed_supervision' and is_open;
