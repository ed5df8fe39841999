//! Values and operands reach Odoo with an unambiguous meaning, or not at all.

use odoo_double::{Behaviour, Model, OdooDouble};
use serde_json::{Value, json};

use crate::support::{Agent, double};

const ORDERS: &str = "sale.order";
const FULL: &[(&str, &str)] = &[("ODOO_YOLO", "true")];

fn set(model: &mut Model, field: &str, attribute: &str, value: Value) {
    model.fields.get_mut(field).unwrap()[attribute] = value;
}

/// A double with a model of orders that has fields of many types.
async fn orders(version: u32) -> OdooDouble {
    let double = double(Behaviour { version, ..Behaviour::default() }).await;
    let mut orders = Model::with_fields(&[
        ("name", "char"),
        ("note", "html"),
        ("locked", "boolean"),
        ("sequence", "integer"),
        ("amount", "monetary"),
        ("date_order", "datetime"),
        ("validity", "date"),
        ("state", "selection"),
        ("partner_id", "many2one"),
        ("line_ids", "one2many"),
        ("tag_ids", "many2many"),
        ("total", "monetary"),
        ("write_date", "datetime"),
    ]);
    set(&mut orders, "state", "selection", json!([["draft", "Quotation"], ["sale", "Sales Order"]]));
    set(&mut orders, "partner_id", "relation", json!("res.partner"));
    set(&mut orders, "line_ids", "relation", json!("sale.order.line"));
    set(&mut orders, "tag_ids", "relation", json!("res.partner.category"));
    set(&mut orders, "total", "store", json!(false));
    set(&mut orders, "total", "readonly", json!(true));
    orders.insert(
        1,
        &json!({"name": "S1", "locked": true, "sequence": 3, "amount": 1.5, "date_order": "2026-01-31 10:00:00",
                "validity": "2026-02-28", "state": "sale", "partner_id": [7, "Partner 7"], "tag_ids": [7],
                "line_ids": [], "note": "<p>x</p>"}),
    );
    double.put_model(ORDERS, orders);
    let mut lines = Model::with_fields(&[("name", "char"), ("quantity", "float"), ("shipped", "datetime")]);
    lines.insert(1, &json!({"name": "L1"}));
    double.put_model("sale.order.line", lines);
    double
}

/// An argument of the last call of a method.
fn sent(agent: &Agent, method: &str, argument: &str) -> Value {
    let calls = agent.double.calls();
    calls.iter().rfind(|call| call.method == method).unwrap().arguments[argument].clone()
}

#[tokio::test]
async fn unambiguous_values_are_sent_in_the_type_of_the_field() {
    for version in [17, 19] {
        let agent = Agent::with(orders(version).await, FULL).await;
        let values = json!({"locked": "false", "sequence": 4.0, "amount": "12.50", "date_order": "2026-03-01T00:30:00+01:00",
                           "partner_id": "9", "line_ids": [[0, 0, {"quantity": "2", "shipped": "2026-01-01T12:00Z"}]],
                           "tag_ids": [7], "name": 42});
        let stored = json!({"locked": false, "sequence": 4, "amount": 12.5, "date_order": "2026-02-28 23:30:00",
                            "partner_id": 9, "line_ids": [[0, 0, {"quantity": 2, "shipped": "2026-01-01 12:00:00"}]],
                            "tag_ids": [[6, 0, [7]]], "name": "42"});
        agent.ask("create_record", json!({"model": ORDERS, "values": values})).await;
        assert_eq!(sent(&agent, "create", "vals_list"), json!([stored]), "{version}");
        agent.ask("create_records", json!({"model": ORDERS, "records": [values, {"name": "x"}]})).await;
        assert_eq!(sent(&agent, "create", "vals_list"), json!([stored, {"name": "x"}]));
        agent.ask("update_record", json!({"model": ORDERS, "record_id": 1, "values": values})).await;
        assert_eq!(sent(&agent, "write", "vals"), stored);
        agent.ask("update_records", json!({"model": ORDERS, "record_ids": [1], "values": values})).await;
        assert_eq!(sent(&agent, "write", "vals"), stored);
        if version == 19 {
            let updates = json!([{"id": 1, "values": values}]);
            agent.ask("update_records", json!({"model": ORDERS, "updates": updates})).await;
            assert_eq!(sent(&agent, "web_save_multi", "vals_list"), json!([stored]));
        }
    }
}

#[tokio::test]
async fn ambiguous_values_are_not_sent() {
    let agent = Agent::with(orders(17).await, FULL).await;
    for (values, expected) in [
        (json!({"locked": "no"}), "values.locked of `sale.order` must be true or false, but is \"no\""),
        (json!({"sequence": "3.5"}), "values.sequence of `sale.order` must be a whole number"),
        (
            json!({"amount": "1,5"}),
            "values.amount of `sale.order` must be a number, such as 12.5, but is \"1,5\"",
        ),
        (
            json!({"date_order": "31/01/2026"}),
            "values.date_order of `sale.order` must be an existing datetime",
        ),
        (json!({"date_order": "2026-02-30 10:00:00"}), "an existing datetime"),
        (json!({"validity": "soon"}), "values.validity of `sale.order` must be an existing date"),
        (json!({"state": "Quotation"}), "must be the key \"draft\" (not its label), but is \"Quotation\""),
        (json!({"state": "done"}), "must be one of \"draft\", \"sale\""),
        (json!({"partner_id": "Azure"}), "the id of a record of `res.partner`"),
        (json!({"line_ids": false}), "a list of commands on `sale.order.line`"),
        (json!({"line_ids": [{"name": "x"}]}), "a list of commands on `sale.order.line`"),
        (
            json!({"line_ids": [[0, 0, {"quantity": "two"}]]}),
            "values.line_ids.quantity of `sale.order.line` must be a number",
        ),
        (json!({"tag_ids": [[6, 0, "7"]]}), "a list of commands on `res.partner.category`"),
    ] {
        for (tool, arguments) in [
            ("create_record", json!({"model": ORDERS, "values": values})),
            ("update_record", json!({"model": ORDERS, "record_id": 1, "values": values})),
            ("update_records", json!({"model": ORDERS, "record_ids": [1], "values": values})),
        ] {
            let refused = agent.refused(tool, arguments).await;
            assert!(refused.contains(expected), "{tool} {values}: {refused}");
        }
        let refused = agent
            .refused("create_records", json!({"model": ORDERS, "records": [{"name": "x"}, values]}))
            .await;
        assert!(refused.contains(&expected.replace("values.", "records[1].")), "{values}: {refused}");
    }
    assert!(agent.methods(ORDERS).iter().all(|method| method == "fields_get" || method == "search"));
}

#[tokio::test]
async fn the_result_of_a_read_can_be_written_back() {
    let agent = Agent::with(orders(17).await, FULL).await;
    let before = agent.double.with_model(ORDERS, |model| model.records[&1].clone()).unwrap();
    let read = json!({"model": ORDERS, "record_id": 1, "fields": ["__all__"]});
    let mut record = agent.ask("get_record", read).await["record"].clone();
    assert_eq!(record["date_order"], "2026-01-31T10:00:00+00:00");
    record.as_object_mut().unwrap().remove("id");
    let request = json!({"model": ORDERS, "record_id": 1, "values": record});
    let message = agent.ask("update_record", request).await["message"].clone();
    let ignored = "`write_date`, `line_ids` ([] changes nothing, [[5]] empties the list), `total`";
    assert_eq!(message, format!("updated sale.order record 1; odoo ignores the values of {ignored}"));
    let written = sent(&agent, "write", "vals");
    assert_eq!((&written["partner_id"], &written["tag_ids"]), (&json!(7), &json!([[6, 0, [7]]])));
    for name in ["name", "locked", "sequence", "amount", "date_order", "validity", "state", "note"] {
        assert_eq!(written[name], before[name], "{name}");
    }
}

#[tokio::test]
async fn a_write_that_odoo_would_ignore_fails() {
    let agent = Agent::with(orders(17).await, FULL).await;
    let request = json!({"model": ORDERS, "record_id": 1, "values": {"total": 5}});
    let message = agent.refused("update_record", request).await;
    assert!(
        message.contains("values has only values that odoo ignores") && message.contains("`total`"),
        "{message}"
    );
    let request = json!({"model": ORDERS, "record_id": 1, "values": {"tag_ids": []}});
    let message = agent.refused("update_record", request).await;
    assert!(message.contains("`tag_ids` ([] changes nothing, [[5]] empties the list)"), "{message}");
    let request = json!({"model": ORDERS, "values": {"name": "x", "tag_ids": []}});
    assert_eq!(agent.ask("create_record", request).await["message"], "created sale.order record 2");
    let request = json!({"model": ORDERS, "values": {"name": "x", "total": 5}});
    let created = agent.ask("create_record", request).await;
    assert!(
        created["message"].as_str().unwrap().ends_with("odoo ignores the values of `total`"),
        "{created}"
    );
}

#[tokio::test]
async fn operands_are_sent_in_the_type_of_the_field() {
    for version in [17, 19] {
        let agent = Agent::with(orders(version).await, FULL).await;
        let domain = json!([
            ["locked", "=", "true"],
            "|",
            ["date_order", ">=", "2026-01-31T11:00:00+01:00"],
            ["partner_id", "in", ["7", [8, "x"]]],
            ["line_ids.shipped", "<", "2026-01-01T00:00:00Z"],
            ["line_ids", "any", [["quantity", ">", "2"]]],
            ["validity", ">=", "2026-01-31"]
        ]);
        // Operands of paths and nested domains are converted to the types of the related models.
        let nested = json!([[
            "line_ids",
            "not any",
            "[('shipped', '=', False), '!', ('quantity', 'in', '[1, \"2\"]')]"
        ]]);
        let converted =
            json!([["line_ids", "not any", [["shipped", "=", false], "!", ["quantity", "in", [1, 2]]]]]);
        agent.ask("search_records", json!({"model": ORDERS, "domain": nested})).await;
        assert_eq!(sent(&agent, "web_search_read", "domain"), converted, "{version}");
        let expected = json!([
            ["locked", "=", true],
            "|",
            ["date_order", ">=", "2026-01-31 10:00:00"],
            ["partner_id", "in", [7, 8]],
            ["line_ids.shipped", "<", "2026-01-01 00:00:00"],
            ["line_ids", "any", [["quantity", ">", 2]]],
            ["validity", ">=", "2026-01-31"]
        ]);
        agent.ask("search_records", json!({"model": ORDERS, "domain": domain})).await;
        assert_eq!(sent(&agent, "web_search_read", "domain"), expected, "{version}");
        agent.ask("aggregate_records", json!({"model": ORDERS, "domain": domain})).await;
        let method = if version == 19 { "formatted_read_group" } else { "read_group" };
        assert_eq!(sent(&agent, method, "domain"), expected);
        let before = agent.seen();
        for (condition, message) in [
            (
                json!(["locked", "=", "yes"]),
                "the domain's `locked` of `sale.order` must be true or false, but is \"yes\"",
            ),
            (json!(["state", "=", "Quotation"]), "the key \"draft\" (not its label)"),
            (json!(["line_ids.shipped", ">", "31/12/2025"]), "the domain's `line_ids.shipped`"),
            (
                json!(["line_ids", "any", [["quantity", "=", "two"]]]),
                "the domain's `quantity` of `sale.order.line`",
            ),
            (json!(["sequence", "in", "1,2"]), "a list of values"),
            (json!(["sequence", "in", 1]), "a list of values"),
            (json!(["sequence", "=", "1.000"]), "a whole number"),
            (json!(["amount", ">", "1,000.00"]), "a number"),
            (json!(["amount", ">", "Infinity"]), "a number"),
            (json!(["name", "=", [7, true]]), "a text"),
            (
                json!(["line_ids", "not any", "[('quantity', '>', 'two')]"]),
                "the domain's `quantity` of `sale.order.line`",
            ),
        ] {
            for tool in ["search_records", "aggregate_records"] {
                let refused = agent.refused(tool, json!({"model": ORDERS, "domain": [condition]})).await;
                assert!(refused.contains(message), "{condition}: {refused}");
            }
        }
        assert_eq!(agent.seen(), before, "nothing is sent");
    }
}
