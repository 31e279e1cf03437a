-- The demo city: bodies of 鄂尔多斯市 and four of its counties, the office above them, and thirteen enterprises that do not
-- exist. Their credit codes are valid by the check character of GB 32100-2015. Loading it again changes nothing.
insert into anze.unit (id, kind, name, credit_code, region_code, sector, level, supervision_role,
                       supervised_sectors, accountable_to, risk_class) values
    ('719c1e2c-255a-55f1-9429-2d0870e88547', 'government', '鄂尔多斯市人民政府', '11150600MA0000001C', '150600', null, 'city', null, '{}', null, null),
    ('28ce0898-aef5-5a15-97fe-054c4c774983', 'safety_committee', '鄂尔多斯市安全生产委员会', null, '150600', null, 'city', null, '{}', '719c1e2c-255a-55f1-9429-2d0870e88547', null),
    ('b324fcaa-0ce8-5b0c-8080-4da7480c2341', 'safety_office', '鄂尔多斯市安全生产委员会办公室', null, '150600', null, 'city', null, '{}', '28ce0898-aef5-5a15-97fe-054c4c774983', null),
    ('8150312e-44ef-550c-9824-0fcf98b4f861', 'department', '鄂尔多斯市应急管理局', '11150600MA0000004M', '150600', null, 'city', 'comprehensive', '{}', '719c1e2c-255a-55f1-9429-2d0870e88547', null),
    ('1fa57836-dfc8-5d1b-b2a4-703109632f6b', 'department', '鄂尔多斯市能源局', '11150600MA0000005Q', '150600', null, 'city', 'sector', '{coal}', '719c1e2c-255a-55f1-9429-2d0870e88547', null),
    ('e02d1b4d-5c58-579c-8d20-619b2ebe5b17', 'government', '东胜区人民政府', '11150602MA0000006Q', '150602', null, 'county', null, '{}', '719c1e2c-255a-55f1-9429-2d0870e88547', null),
    ('8394e283-12d8-57c1-a7b3-d6ba3316bf39', 'safety_committee', '东胜区安全生产委员会', null, '150602', null, 'county', null, '{}', 'e02d1b4d-5c58-579c-8d20-619b2ebe5b17', null),
    ('88ec4be8-7f6a-5f64-8d53-534de98e6d3b', 'safety_office', '东胜区安全生产委员会办公室', null, '150602', null, 'county', null, '{}', '8394e283-12d8-57c1-a7b3-d6ba3316bf39', null),
    ('6dab86fe-e930-515b-b084-320e3e22bec1', 'department', '东胜区应急管理局', '11150602MA00000092', '150602', null, 'county', 'comprehensive', '{}', 'e02d1b4d-5c58-579c-8d20-619b2ebe5b17', null),
    ('a7907659-58c7-553f-9e4d-61f59d2dc84f', 'department', '东胜区能源局', '11150602MA00000107', '150602', null, 'county', 'sector', '{coal}', 'e02d1b4d-5c58-579c-8d20-619b2ebe5b17', null),
    ('59e38b41-7fe8-5ee7-b27e-3a62a3db9578', 'government', '达拉特旗人民政府', '11150621MA0000011T', '150621', null, 'county', null, '{}', '719c1e2c-255a-55f1-9429-2d0870e88547', null),
    ('4cc83d6a-6df2-5fc5-b129-b9cc6ab404dd', 'safety_committee', '达拉特旗安全生产委员会', null, '150621', null, 'county', null, '{}', '59e38b41-7fe8-5ee7-b27e-3a62a3db9578', null),
    ('fda71559-3747-5806-ac09-0c7fad134f7c', 'safety_office', '达拉特旗安全生产委员会办公室', null, '150621', null, 'county', null, '{}', '4cc83d6a-6df2-5fc5-b129-b9cc6ab404dd', null),
    ('55eb2308-3224-590f-aa7f-4595e19ccba6', 'department', '达拉特旗应急管理局', '11150621MA00000144', '150621', null, 'county', 'comprehensive', '{}', '59e38b41-7fe8-5ee7-b27e-3a62a3db9578', null),
    ('57049a27-a798-5ff1-b740-f7269e8ef16a', 'department', '达拉特旗能源局', '11150621MA00000157', '150621', null, 'county', 'sector', '{coal}', '59e38b41-7fe8-5ee7-b27e-3a62a3db9578', null),
    ('8ee3a7e8-a0b4-5a7c-8239-ee05e7a03b12', 'government', '准格尔旗人民政府', '11150622MA0000016Q', '150622', null, 'county', null, '{}', '719c1e2c-255a-55f1-9429-2d0870e88547', null),
    ('7f6f1503-a3c1-5f72-b3ad-1714d975acde', 'safety_committee', '准格尔旗安全生产委员会', null, '150622', null, 'county', null, '{}', '8ee3a7e8-a0b4-5a7c-8239-ee05e7a03b12', null),
    ('f04dacf8-8786-5478-b4d0-964325e49b2c', 'safety_office', '准格尔旗安全生产委员会办公室', null, '150622', null, 'county', null, '{}', '7f6f1503-a3c1-5f72-b3ad-1714d975acde', null),
    ('08beedbb-ac80-5c51-b7df-b11d50ce5c6d', 'department', '准格尔旗应急管理局', '11150622MA00000192', '150622', null, 'county', 'comprehensive', '{}', '8ee3a7e8-a0b4-5a7c-8239-ee05e7a03b12', null),
    ('03bede6d-b026-540d-aad8-9588fc53723c', 'department', '准格尔旗能源局', '11150622MA00000207', '150622', null, 'county', 'sector', '{coal}', '8ee3a7e8-a0b4-5a7c-8239-ee05e7a03b12', null),
    ('fcf9bbfb-2f0e-5574-bf73-738b865e4827', 'government', '伊金霍洛旗人民政府', '11150627MA0000021J', '150627', null, 'county', null, '{}', '719c1e2c-255a-55f1-9429-2d0870e88547', null),
    ('08185153-7247-5206-bddc-3927afaf95e4', 'safety_committee', '伊金霍洛旗安全生产委员会', null, '150627', null, 'county', null, '{}', 'fcf9bbfb-2f0e-5574-bf73-738b865e4827', null),
    ('cb2abe25-b2de-5bb6-a40f-296baef911f4', 'safety_office', '伊金霍洛旗安全生产委员会办公室', null, '150627', null, 'county', null, '{}', '08185153-7247-5206-bddc-3927afaf95e4', null),
    ('943bff8e-a7e2-506d-a0db-c1a0aa59a559', 'department', '伊金霍洛旗应急管理局', '11150627MA0000024U', '150627', null, 'county', 'comprehensive', '{}', 'fcf9bbfb-2f0e-5574-bf73-738b865e4827', null),
    ('6d8f9d44-a45b-5bde-93e7-f678c6dbf14a', 'department', '伊金霍洛旗能源局', '11150627MA0000025Y', '150627', null, 'county', 'sector', '{coal}', 'fcf9bbfb-2f0e-5574-bf73-738b865e4827', null),
    ('d45c10ac-b5a1-5d4d-a4f7-36292b99ac67', 'department', '国家矿山安全监察局内蒙古局鄂尔多斯监察执法处', '11150600MA0000026X', '150600', null, 'nation', 'sector', '{coal,non_coal_mine}', null, null),
    ('0535f10b-4bc0-583b-9b17-a650a23d33ac', 'department', '鄂尔多斯市交通运输局', '11150600MA00000271', '150600', null, 'city', 'sector', '{road_traffic,water_traffic}', '719c1e2c-255a-55f1-9429-2d0870e88547', null),
    ('6ac910ca-6fbb-55bc-acba-666ae1facbce', 'department', '鄂尔多斯市住房和城乡建设局', '11150600MA00000284', '150600', null, 'city', 'sector', '{construction,gas}', '719c1e2c-255a-55f1-9429-2d0870e88547', null),
    ('0f5d2a22-2d96-5fec-927e-329f29bb45b5', 'enterprise', '准格尔旗示例煤业有限责任公司', '91150622MA0000029T', '150622100', 'coal', null, null, '{}', '8ee3a7e8-a0b4-5a7c-8239-ee05e7a03b12', 'red'),
    ('195dcbbc-72d1-5e8b-9b16-db68cf93cad6', 'enterprise', '准格尔旗样例沟煤矿有限公司', '91150622MA00000300', '150622103', 'coal', null, null, '{}', '8ee3a7e8-a0b4-5a7c-8239-ee05e7a03b12', 'orange'),
    ('e6ae2d79-61ed-556b-93c1-d47416fe60b6', 'enterprise', '伊金霍洛旗示范煤炭有限责任公司', '91150627MA0000031B', '150627102', 'coal', null, null, '{}', 'fcf9bbfb-2f0e-5574-bf73-738b865e4827', 'red'),
    ('b6788c02-196f-55cd-b345-4d5169f51127', 'enterprise', '鄂托克旗样板煤业有限公司', '91150624MA00000323', '150624101', 'coal', null, null, '{}', '719c1e2c-255a-55f1-9429-2d0870e88547', 'orange'),
    ('1f3d581c-4d24-5a1f-9a84-5dba2738ca11', 'enterprise', '准格尔旗大路示例化工有限公司', '91150622MA00000339', '150622102', 'hazardous_chemicals', null, null, '{}', '8ee3a7e8-a0b4-5a7c-8239-ee05e7a03b12', 'red'),
    ('92a86494-90b2-53ed-8e0a-f2bd4a12e9cd', 'enterprise', '鄂尔多斯上海庙样例化学有限公司', '91150623MA0000034T', '150623101', 'hazardous_chemicals', null, null, '{}', '719c1e2c-255a-55f1-9429-2d0870e88547', 'red'),
    ('e7bab670-0c55-5589-9015-7b4d8a86bd0f', 'enterprise', '乌审旗图克示范煤化工有限公司', '91150626MA00000359', '150626102', 'chemical', null, null, '{}', '719c1e2c-255a-55f1-9429-2d0870e88547', 'red'),
    ('e61c632c-7e22-537f-98df-48454fc22e1b', 'enterprise', '东胜区示例建筑工程有限责任公司', '91150602MA0000036K', '150602001', 'construction', null, null, '{}', 'e02d1b4d-5c58-579c-8d20-619b2ebe5b17', 'yellow'),
    ('3c9348b3-3ce0-55e3-93f2-f7398cbcb1a7', 'enterprise', '达拉特旗样例道路运输有限公司', '91150621MA00000377', '150621100', 'road_traffic', null, null, '{}', '59e38b41-7fe8-5ee7-b27e-3a62a3db9578', 'yellow'),
    ('17095baf-d643-5682-b701-ffbea98b014d', 'enterprise', '准格尔旗示范物流运输有限公司', '91150622MA0000038Q', '150622101', 'road_traffic', null, null, '{}', '8ee3a7e8-a0b4-5a7c-8239-ee05e7a03b12', 'yellow'),
    ('8434b87f-7726-507f-abc5-646e7469882f', 'enterprise', '达拉特旗样板冶金有限公司', '91150621MA0000039D', '150621100', 'metal_smelting', null, null, '{}', '59e38b41-7fe8-5ee7-b27e-3a62a3db9578', 'orange'),
    ('87c85b76-4768-5f64-923d-274461be75fe', 'enterprise', '康巴什区示例商业广场有限公司', '91150603MA0000040G', '150603001', 'fire', null, null, '{}', '719c1e2c-255a-55f1-9429-2d0870e88547', 'blue'),
    ('eebfe37f-bd0e-545e-87a2-5d62c2a3ab1e', 'site', '准格尔旗示例煤业有限责任公司一号井', null, '150622100', 'coal', null, null, '{}', '0f5d2a22-2d96-5fec-927e-329f29bb45b5', 'red')
on conflict on constraint unit_pkey do nothing;
-- The department of the autonomous region, which may order what its committee's office cannot.
insert into anze.unit (id, kind, name, region_code, level, supervision_role) values
    ('b7a1c0de-5d5e-5b0a-9c1f-2f6f3f1d8a11', 'department', '内蒙古自治区应急管理厅', '150000', 'province', 'comprehensive')
on conflict on constraint unit_pkey do nothing;
-- A tailings pond above a village (头顶库), and the office of the autonomous region, which takes cases over.
insert into anze.unit (id, kind, site_kind, name, credit_code, region_code, sector, level, accountable_to, risk_class) values
    ('fb22011e-04b4-5fe4-8f8e-2bcf788e6848', 'safety_office', null, '内蒙古自治区安全生产委员会办公室', null, '150000', null, 'province', null, null),
    ('9e58902e-c443-589a-afc8-ab2322d6dc33', 'enterprise', null, '准格尔旗示例矿业有限责任公司', '91150622MA00000414', '150622101', 'non_coal_mine', null, '8ee3a7e8-a0b4-5a7c-8239-ee05e7a03b12', 'red'),
    ('f2d0355e-da0e-5255-afa3-ee5364163dae', 'site', 'tailings_pond', '准格尔旗示例矿业有限责任公司西沟尾矿库', null, '150622101', 'non_coal_mine', null, '9e58902e-c443-589a-afc8-ab2322d6dc33', 'red')
on conflict on constraint unit_pkey do nothing;
