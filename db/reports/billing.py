"""Report view of billing documents."""

from __future__ import annotations

from db.reports.values import Column, Kind, View
from db.tables import Customer, Invoice, SalesOrder

C, K = Column, Kind


def invoices() -> View:
    """Every bill, credit and debit memo."""
    bill = Invoice
    return View(
        "report_invoices",
        "One row per billing document; credit memos are documents of their own type.",
        (
            C("invoice_id", K.INTEGER, "Key of the document.", bill.invoice_id),
            C("source", K.TEXT, "System that it came from.", bill.source),
            C("invoice_no", K.TEXT, "Number of the document.", bill.number),
            C("type", K.TEXT, "Kind of document (InvoiceType).", bill.type),
            C("status", K.TEXT, "Status of the document (InvoiceStatus).", bill.status),
            C("customer_code", K.TEXT, "Customer's code in its source.", Customer.code),
            C("customer", K.TEXT, "Customer's name.", Customer.name),
            C("order_id", K.INTEGER, "Key of the order when it bills one.", bill.order_id),
            C("order_no", K.TEXT, "Order number when it bills one.", SalesOrder.order_no),
            C("invoiced_on", K.DAY, "Day of the document.", bill.invoiced_on),
            C("due_on", K.DAY, "Day of payment.", bill.due_on),
            C("currency", K.TEXT, "Currency of all amounts of the row.", bill.currency),
            C("net_amount", K.MONEY, "Goods before tax.", bill.net),
            C("tax_amount", K.MONEY, "Tax.", bill.tax),
            C("freight_amount", K.MONEY, "Freight billed.", bill.freight),
            C("total_amount", K.MONEY, "What is to be paid.", bill.total),
            C("open_amount", K.MONEY, "What is not paid yet.", bill.open_amount),
            C("cancels_no", K.TEXT, "Document that this one takes back.", bill.cancels_number),
        ),
        Invoice.__table__.join(Customer, Customer.customer_id == bill.customer_id).outerjoin(
            SalesOrder, SalesOrder.order_id == bill.order_id
        ),
    )
