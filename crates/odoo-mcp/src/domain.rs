//! Domains: checks that they are complete, and finds operators with nested domains.

use serde_json::Value;

use crate::ToolError;

/// Checks that each operator has its operands. Otherwise conditions that the server appends would become
/// operands of the caller's operators, and restrict nothing.
pub(crate) fn check_balance(domain: &[Value]) -> Result<(), ToolError> {
    let mut expected: usize = 1;
    for (index, term) in domain.iter().enumerate() {
        if expected == 0 {
            // Adjacent terms are joined by "and".
            expected = 1;
        }
        match term {
            Value::Array(parts) if parts.len() == 3 => expected -= 1,
            Value::String(operator) if operator == "!" => {}
            Value::String(operator) if operator == "&" || operator == "|" => expected += 1,
            _ => {
                return Err(ToolError::invalid(format!(
                    "term {index} of the domain is neither a condition [field, operator, value] nor \"&\", \"|\" or \"!\""
                )));
            }
        }
    }
    if domain.is_empty() || expected == 0 {
        return Ok(());
    }
    Err(ToolError::invalid(format!(
        "the domain is incomplete: its operators need {expected} more condition(s)"
    )))
}

/// Is the operand of the operator a domain on the related records?
pub(crate) fn takes_domain(operator: &str) -> bool {
    matches!(operator.trim_end_matches('!'), "any" | "not any")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check_balance;

    fn balanced(domain: Value) -> bool {
        check_balance(domain.as_array().unwrap()).is_ok()
    }

    #[test]
    fn each_operator_needs_its_operands() {
        assert!(balanced(json!([])));
        assert!(balanced(json!([["a", "=", 1], ["b", "=", 2]])));
        assert!(balanced(json!(["|", ["a", "=", 1], ["b", "=", 2]])));
        assert!(balanced(json!(["!", ["a", "=", 1], "|", "&", ["a", "=", 1], ["b", "=", 2], ["c", "=", 3]])));
        assert!(!balanced(json!(["|", ["a", "=", 1]])));
        assert!(!balanced(json!([["a", "=", 1], "|"])));
        assert!(!balanced(json!(["!"])));
        assert!(!balanced(json!([["a", "="]])));
        assert!(!balanced(json!(["and", ["a", "=", 1]])));
        assert!(!balanced(json!([1])));
    }
}
