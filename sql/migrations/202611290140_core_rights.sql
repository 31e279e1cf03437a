-- A new function is the service's only where its statements need it, which each run works out (functions/work/rights.sql).
alter default privileges in schema anze revoke execute on functions from anze_service;
