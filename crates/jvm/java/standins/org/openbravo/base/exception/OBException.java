package org.openbravo.base.exception;

/** Stand-in for the ERP's exception. */
public class OBException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public OBException(Throwable cause) {
        super(cause);
    }
}
