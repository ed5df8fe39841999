/**
 * Sessions that pin one organization tree and one role's access each.
 *
 * <p>Start with {@link org.orgcache.session.SessionManager}. It asks the ERP through an {@link
 * org.orgcache.session.OrgSource}, on the thread that logs in. {@link org.orgcache.session.OpenbravoSource}
 * implements it for Openbravo's and Etendo's tables. The session manager itself is native code; the jar
 * contains it for Linux on x86-64 with glibc.
 */
package org.orgcache.session;
