"""By which column people know a record, for texts that name one."""

NAMED_BY = {
    "sales_order": "order_no",
    "shipment": "shipment_no",
    "invoice": "number",
    "customer": "code",
    "supplier": "code",
    "site": "code",
    "ship_to": "code",
    "sku": "sku",
    "supply": "ref",
}
