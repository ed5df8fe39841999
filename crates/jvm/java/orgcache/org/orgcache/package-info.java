/**
 * An ERP's organization tree, stored once and never changed.
 *
 * <p>{@link org.orgcache.OrgStructure} builds a tree from {@link org.orgcache.OrgRow}s or reads it from its
 * canonical bytes, and answers every question about it from a few flat arrays. {@link org.orgcache.OrgTrees}
 * lets all sessions of a process share equal trees. {@link org.orgcache.openbravo.OrganizationStructures}
 * answers as Openbravo's {@code OrganizationStructureProvider} does.
 *
 * <p>All returned values can be read by many threads at once.
 */
package org.orgcache;
