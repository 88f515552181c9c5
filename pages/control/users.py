"""Users: who may sign in, with which roles, accounts, sites and limits."""

from __future__ import annotations

import streamlit as st

from db.queries import people
from pages.shared import frame, linked, runtime, table, user_form, wording

opened = frame.open_page("users")
rows = runtime.read(people.users)
rows = rows.assign(
    open=[frame.address("users", user=login) for login in rows["login"]],
    roles=[user_form.roles(row.role, row.further_roles) for row in rows.itertuples(index=False)],
    state=["Active" if active else "Shut out" for active in rows["active"]],
    ways=[user_form.ways(row) for row in rows.itertuples(index=False)],
)
active = int(rows["active"].sum()) if len(rows) else 0
frame.say(
    f"{wording.lines(active, 'person')} may sign in · {wording.count(len(rows) - active)} shut out · nobody changes "
    "the own rights: a second administrator does"
)
COLUMNS = (
    table.Column("open", "Login", "link", "small", shows=r"user=([^&]+)", pinned=True),
    table.Column("name", "Name", width="medium"),
    table.Column("roles", "Roles", width="medium"),
    table.Column("team", "Team", width="medium"),
    table.Column("state", "State", width="small"),
    table.Column("ways", "Signs in by", width="small"),
    table.Column("approval_limit", "Approves up to", "money"),
    table.Column("delegate", "Delegate", width="small"),
    table.Column("accounts", "Accounts", "count", help="Customers that the person is limited to by name."),
    table.Column("sites", "Sites", "count", help="Sites that the person is limited to."),
    table.Column("seen_at", "Last seen", "instant"),
)
if len(rows):
    table.show(
        rows,
        COLUMNS,
        alt="Everybody who may sign in or could before",
        key="users_list",
        height=36 + 35 * min(len(rows), 10),
    )
with st.container(horizontal=True, vertical_alignment="bottom"):
    said = {
        "": "New user",
        **{row.login: f"{row.name} · {row.login}" for row in rows.itertuples(index=False)},
    }
    chosen = linked.select("user", said, label="Look at")
    st.space("stretch")
    table.offer(rows, [c for c in COLUMNS if c.kind != "link"], title="Users", filters={}, key="users_offer")
user_form.told()
if chosen:
    user_form.edit(rows.loc[rows["login"] == chosen].iloc[0])
else:
    user_form.new()
