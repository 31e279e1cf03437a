-- anze: after-functions
-- What a credit code is: registry and kind of body, division, nine characters of the body, a check character. Codes with a
-- wrong check character have been given out, so that it is no condition any more; a person's number is refused for what it
-- is. What is stored already passed the stricter check of the last release in all but the registry and the division, which
-- nobody looked at: it stays as it is.

create function anze.body_code_is_valid(code text) returns boolean immutable parallel safe strict language plpgsql as $$
declare
    alphabet constant text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
    weights constant integer[] := array[3, 7, 9, 10, 5, 8, 4, 2];
    total integer := 0;
begin
    for i in 1..8 loop
        total := total + (strpos(alphabet, substr(code, i, 1)) - 1) * weights[i];
    end loop;
    return substr('0123456789X', (11 - total % 11) % 11 + 1, 1) = right(code, 1);
end
$$;
comment on function anze.body_code_is_valid(text) is '组织机构代码 GB 11714: eight characters and their check character';

create function anze.looks_like_a_person(code text) returns boolean immutable parallel safe strict language plpgsql as $$
begin
    return code ~ '^[0-9]{6}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]$'
        and not (anze.credit_code_is_valid(code) and anze.body_code_is_valid(substr(code, 9, 9)));
end
$$;
comment on function anze.looks_like_a_person(text) is '公民身份号码: a birthday where it has one, and not every check of a credit code fits';

alter table anze.unit
    drop constraint unit_credit_code_valid,
    add constraint unit_credit_code_no_person check (not anze.looks_like_a_person(credit_code)) not valid,
    add constraint unit_credit_code_valid check (
        credit_code ~ ('^(1[1239]|2[19]|3[1-59]|4[19]|5[1239]|6[129]|7[129]|8[19]|9[123]|A[19]|N[1239]|Y1)'
            || '(100000|(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])([0-6][0-9]|70|90)[0-9]{2})'
            || '[0-9A-HJ-NP-RTUWXY]{10}$')) not valid;
comment on constraint unit_credit_code_no_person on anze.unit is
    '该号码像公民身份号码，不是统一社会信用代码。 | This looks like a number of a person, which is no unified social credit code. | /credit_code';
comment on constraint unit_credit_code_valid on anze.unit is
    '不是统一社会信用代码：登记管理部门、机构类别或行政区划不存在。 | No unified social credit code: its registry, its kind of body or its division does not exist. | /credit_code';
