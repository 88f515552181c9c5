import pytest
def test_it(open_screen, demo_file):
    app = open_screen("work/holds.py", demo_file)
    print([m.value[:300] for m in app.markdown][:6]); print([(x.label,x.value) for x in app.metric]); print([b.label for b in app.button]); print([e.value for e in app.error]); print(len(app.dataframe[0].value), app.dataframe[0].value.head(3).T)
