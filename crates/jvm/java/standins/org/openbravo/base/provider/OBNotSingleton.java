package org.openbravo.base.provider;

/** Stands in for the ERP's mark of classes that have many instances. */
public interface OBNotSingleton {
}
