package org.openbravo.base.provider;

/** Stand-in for the ERP's marker of classes with many instances. */
public interface OBNotSingleton {
}
