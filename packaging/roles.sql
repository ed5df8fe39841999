-- Run by psql as a superuser, in the ERP's database.
-- The role that reads the ERP: no password hashes, nothing to write.
CREATE ROLE orgcache_reader LOGIN;
GRANT USAGE ON SCHEMA public TO orgcache_reader;
GRANT SELECT ON ad_client, ad_clientinfo, ad_org, ad_org_tree, ad_orgtype, ad_role,
    ad_role_orgaccess, ad_tree, ad_treenode, ad_user_roles TO orgcache_reader;
GRANT SELECT (ad_user_id, ad_client_id, username, isactive, islocked, default_ad_client_id,
    default_ad_org_id, default_ad_role_id) ON ad_user TO orgcache_reader;

-- The role that keeps sessions and passwords, with a database of its own.
CREATE ROLE orgcache LOGIN;
CREATE DATABASE orgcache OWNER orgcache;

\password orgcache_reader
\password orgcache
