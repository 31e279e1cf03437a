-- anze: no-transaction
-- The map, the worst first: in cells; of whole regions; of units. The widest cells reach beyond a region, others
-- hardly.
create index concurrently if not exists risk_point_cell_province
    on anze.risk_point (province, cell_1, rank, id) where cell_1 > 0;
create index concurrently if not exists risk_point_cell_city
    on anze.risk_point (city, cell_1, rank, id) where cell_1 > 0;
create index concurrently if not exists risk_point_cell_4
    on anze.risk_point (cell_4, rank, id) where cell_1 > 0;
create index concurrently if not exists risk_point_cell_16
    on anze.risk_point (cell_16, rank, id) where cell_1 > 0;
create index concurrently if not exists risk_point_cell_64
    on anze.risk_point (cell_64, rank, id) where cell_1 > 0;
create index concurrently if not exists risk_point_map_province
    on anze.risk_point (province, rank, id) where cell_1 > 0;
create index concurrently if not exists risk_point_map_city
    on anze.risk_point (city, rank, id) where cell_1 > 0;
create index concurrently if not exists risk_point_map_county
    on anze.risk_point (county, rank, id) where cell_1 > 0;
create index concurrently if not exists risk_point_map_town
    on anze.risk_point (town, rank, id) where cell_1 > 0;
create index concurrently if not exists risk_point_map_unit
    on anze.risk_point (unit_id, rank, id) where cell_1 > 0;
