/**
 * Sessions that pin one organization tree and one role's access each.
 *
 * <p>Begin with {@link org.orgcache.session.SessionManager}. The ERP is asked through an
 * {@link org.orgcache.session.OrgSource}, on the thread that logs in; {@link
 * org.orgcache.session.OpenbravoSource} is one for Openbravo's and Etendo's tables. The session manager
 * itself is native code, which lies in the jar for Linux on x86-64 with glibc.
 */
package org.orgcache.session;
