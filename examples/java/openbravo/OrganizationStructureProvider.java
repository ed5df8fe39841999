package org.openbravo.dal.security;

import java.io.Serializable;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.openbravo.base.exception.OBException;
import org.openbravo.base.provider.OBNotSingleton;
import org.openbravo.dal.core.OBContext;
import org.openbravo.dal.service.OBDal;
import org.openbravo.model.common.enterprise.Organization;
import org.orgcache.openbravo.OrganizationStructures;

/**
 * One client's organization structure, pinned when the session first asks for it. Replaces the class of this
 * name in Openbravo and Etendo: docs/integration.md says how.
 */
public class OrganizationStructureProvider implements OBNotSingleton, Serializable {
  private static final long serialVersionUID = 1L;

  private volatile String clientId;
  private volatile OrganizationStructures structures;

  public String getClientId() {
    return clientId;
  }

  public synchronized void setClientId(String id) {
    if (id == null || !id.equals(clientId)) {
      structures = null;
    }
    clientId = id;
  }

  /** Reads the rows again, for this instance. */
  public synchronized void reInitialize() {
    structures = read(client());
  }

  /** The tree of the session, which one query has read; so a new instance costs none. */
  private OrganizationStructures structures() {
    OrganizationStructures pinned = structures;
    return pinned != null ? pinned : pin();
  }

  private synchronized OrganizationStructures pin() {
    if (structures == null) {
      OBContext context = OBContext.getOBContext();
      OrganizationStructureProvider session = context == null ? this
          : context.getOrganizationStructureProvider(client());
      structures = session == this ? read(client()) : session.structures();
    }
    return structures;
  }

  private String client() {
    if (clientId == null) {
      clientId = OBContext.getOBContext().getCurrentClient().getId();
    }
    return clientId;
  }

  private static OrganizationStructures read(String client) {
    try {
      return OrganizationStructures.read(OBDal.getInstance().getConnection(false), client);
    } catch (SQLException failure) {
      throw new OBException(failure);
    }
  }

  public Set<String> getNaturalTree(String orgId) {
    return structures().getNaturalTree(orgId);
  }

  public boolean isInNaturalTree(Organization org1, Organization org2) {
    return structures().isInNaturalTree(org1.getId(), org2.getId());
  }

  public Set<String> getParentTree(String orgId, boolean includeOrg) {
    return structures().getParentTree(orgId, includeOrg);
  }

  public List<String> getParentList(String orgId, boolean includeOrg) {
    return structures().getParentList(orgId, includeOrg);
  }

  public String getParentOrg(String orgId) {
    return structures().getParentOrg(orgId);
  }

  public Organization getParentOrg(Organization org) {
    return organization(getParentOrg(org.getId()));
  }

  public Set<String> getChildTree(String orgId, boolean includeOrg) {
    return structures().getChildTree(orgId, includeOrg);
  }

  public Set<String> getChildOrg(String orgId) {
    return structures().getChildOrg(orgId);
  }

  public List<Organization> getLegalEntitiesList() {
    return organizations(structures().getLegalEntitiesList());
  }

  public List<Organization> getLegalEntitiesListForSelectedClient(String paramClientId) {
    if (paramClientId == null) {
      return new ArrayList<>();
    }
    OrganizationStructureProvider other = new OrganizationStructureProvider();
    other.setClientId(paramClientId);
    return other.getLegalEntitiesList();
  }

  public Organization getLegalEntity(Organization org) {
    return asAdministrator(structures().getLegalEntity(org.getId()));
  }

  public List<Organization> getChildLegalEntitesList(Organization org) {
    List<Organization> entities = new ArrayList<>();
    structures().getChildLegalEntitesList(org.getId()).forEach(id -> entities.add(asAdministrator(id)));
    return entities;
  }

  public Organization getLegalEntityOrBusinessUnit(Organization org) {
    return asAdministrator(structures().getLegalEntityOrBusinessUnit(org.getId()));
  }

  public Organization getPeriodControlAllowedOrganization(Organization org) {
    return asAdministrator(structures().getPeriodControlAllowedOrganization(org.getId()));
  }

  public String getTransactionAllowedOrgs(String orgIds) {
    return structures().getTransactionAllowedOrgs(orgIds);
  }

  private static Organization organization(String id) {
    return id == null ? null : OBDal.getInstance().get(Organization.class, id);
  }

  private static List<Organization> organizations(List<String> ids) {
    List<Organization> organizations = new ArrayList<>();
    ids.forEach(id -> organizations.add(organization(id)));
    return organizations;
  }

  private static Organization asAdministrator(String id) {
    OBContext.setAdminMode(true);
    try {
      return organization(id);
    } finally {
      OBContext.restorePreviousMode();
    }
  }
}
