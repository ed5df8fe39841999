/** The answers of Openbravo's and Etendo's {@code OrganizationStructureProvider}, method by method. */
package org.orgcache.openbravo;
