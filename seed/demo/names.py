"""Invented companies, people and the places where they receive goods."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A city with what a delivery address needs; `transit` is working days from the site that serves it."""

    city: str
    region: str
    postal: str
    country: str
    tz: str
    site: str
    transit: int


PLACES = tuple(
    Place(*line.split("|")[:6], int(line.split("|")[6]))
    for line in """\
Sacramento|CA|95811|US|America/Los_Angeles|RNO|1
Fresno|CA|93706|US|America/Los_Angeles|RNO|2
Portland|OR|97210|US|America/Los_Angeles|RNO|2
Tacoma|WA|98421|US|America/Los_Angeles|RNO|3
Boise|ID|83705|US|America/Boise|RNO|2
Salt Lake City|UT|84104|US|America/Denver|RNO|2
Denver|CO|80216|US|America/Denver|RNO|3
Phoenix|AZ|85043|US|America/Phoenix|RNO|2
Houston|TX|77029|US|America/Chicago|MEM|2
Fort Worth|TX|76106|US|America/Chicago|MEM|2
Tulsa|OK|74107|US|America/Chicago|MEM|2
Kansas City|MO|64120|US|America/Chicago|MEM|2
Milwaukee|WI|53204|US|America/Chicago|MEM|3
Chicago|IL|60632|US|America/Chicago|MEM|2
Indianapolis|IN|46241|US|America/Indiana/Indianapolis|MEM|2
Columbus|OH|43207|US|America/New_York|MEM|2
Pittsburgh|PA|15204|US|America/New_York|MEM|3
Charlotte|NC|28208|US|America/New_York|MEM|2
Atlanta|GA|30336|US|America/New_York|MEM|1
Rochester|NY|14606|US|America/New_York|MEM|3
Worcester|MA|01604|US|America/New_York|MEM|3
Jacksonville|FL|32254|US|America/New_York|MEM|2
Guelph|ON|N1K 1B6|CA|America/Toronto|MEM|4
Saltillo|COA|25230|MX|America/Monterrey|MEM|4
Eindhoven|NB|5657|NL|Europe/Amsterdam|VEN|1
Groningen|GR|9723|NL|Europe/Amsterdam|VEN|1
Antwerpen|VAN|2030|BE|Europe/Brussels|VEN|1
Duisburg|NW|47059|DE|Europe/Berlin|VEN|1
Stuttgart|BW|70327|DE|Europe/Berlin|VEN|2
Leipzig|SN|04158|DE|Europe/Berlin|VEN|2
Lyon|ARA|69007|FR|Europe/Paris|VEN|2
Nantes|PDL|44800|FR|Europe/Paris|VEN|3
Bergamo|BG|24126|IT|Europe/Rome|VEN|3
Zaragoza|AR|50014|ES|Europe/Madrid|VEN|3
Linz|OOE|4030|AT|Europe/Vienna|VEN|2
Gothenburg|O|417 05|SE|Europe/Stockholm|VEN|3
Birmingham|WMD|B6 7EU|GB|Europe/London|VEN|2
Leeds|WYK|LS10 1AB|GB|Europe/London|VEN|3
Bristol|BST|BS11 9HS|GB|Europe/London|VEN|3
Yokohama|14|230-0045|JP|Asia/Tokyo|RNO|6
Nagoya|23|455-0036|JP|Asia/Tokyo|RNO|6
Manama|13|00317|BH|Asia/Bahrain|VEN|5""".splitlines()
)

# Invented company names by the currency that the company pays in; the order is the order of the customers.
_HEADS = {
    "USD": """
Harrowgate, Tamarack, Bluestem, Pinewater, Cold Hollow, Silver Butte, Marrow Creek, Ashgrove, Larkspur,
Redcliff, Juniper Flats, Stonebridge, Wexmoor, Calloway, Ferris Point, Granite Bend, Northfork, Oakhaven,
Palisade Ridge, Quillan, Roan Mountain, Saltmarsh, Thornbury, Umber Valley, Vance Landing, Westering,
Yarrow, Zephyr Hills, Alder Run, Birchfield, Copper Basin, Dunmore, Elk Prairie, Foxglove, Gannet Bay,
Hazelmere, Iron Mesa, Jasper Lake, Kestrel, Limestone Gap, Mossback, Nettle Springs, Osprey Ford, Prairie
Gate, Quarry Hill, Rimrock, Sandhill, Timberline, Upland, Vermilion Cliff, Willow Fork, Amber Mill, Bracken
Ridge, Cinder Cone, Driftwood, Evergreen Pass, Flint River Bend, Goldenrod, Highwater, Indigo Creek,
Keystone Hollow, Lantern Hill, Meadowlark, Nighthawk, Old Trestle, Pebble Shoals, Russet, Snowberry,
Tallgrass, Stillwater Bend, Copperleaf, Harlan Creek, Moss Landing, Three Pines, Kettle Moraine, Bayou Sauk,
Ridgeline, Fallen Oak, Cedar Narrows, Whitestone""",
    "EUR": """
Veldhoek, Oosterwold, Kanaaldijk, Schelderand, Ruhrtal, Neckarbogen, Pleissengrund, Rhodanie, Erdreval,
Valbrembo, Ebronova, Donauland, Västerhav, Maasbree, Heideveld, Lippeaue, Saônelle, Adamello, Moncayo,
Traunsee, Skärgård, Zandvoorde, Elsteraue""",
    "GBP": """
Blackthorn, Aireside, Severnmouth, Coldharbour, Wharfe Valley, Tamebridge, Mendip Edge, Roundhay, Longmynd,
Ouseburn""",
    "JPY": """
Shiomi, Kiso Valley, Atsuta, Tsurugi, Hamakaze, Mikawa Bay""",
    "BHD": """
Al Hidd""",
}
COMPANY_HEADS = {
    currency: tuple(name.strip() for name in text.replace("\n", " ").split(","))
    for currency, text in _HEADS.items()
}
COMPANY_TAILS = {
    "OEM": (
        "Packaging Machines",
        "Conveyor Systems",
        "Pump Works",
        "Automation",
        "Robotics",
        "Elevator Works",
    ),
    "MRO": (
        "Paper Mill",
        "Cement",
        "Steel Services",
        "Mining Supply",
        "Chemicals",
        "Foundry",
    ),
    "FOOD": ("Foods", "Dairy", "Brewing", "Bottling", "Grain Milling", "Bakeries"),
    "UTILITY": (
        "Water District",
        "Power Services",
        "Wind Services",
        "Grid Maintenance",
        "Gas Works",
        "Hydro",
    ),
    "RESALE": (
        "Industrial Supply",
        "Bearing House",
        "Electrical Wholesale",
        "Tool & Supply",
        "Trading",
        "Hardware",
    ),
}

FIRST_NAMES = (
    "Marta", "Devon", "Priya", "Lukas", "Aiko", "Ramón", "Sanne", "Tobias", "Ingrid", "Kwame", "Noor", "Elise",
    "Hugh", "Paulina", "Mateus", "Sora", "Yusuf", "Greta", "Callum", "Renée", "Dmitri", "Leila", "Anders", "Bianca",
)  # fmt: skip
LAST_NAMES = (
    "Oakes", "Lindqvist", "Barros", "Vermeulen", "Tanabe", "Kowalczyk", "Brandt", "Mbeki", "Haddad", "Fontaine",
    "Pruitt", "Castellan", "Nygaard", "Sharma", "Whitlock", "Moreau", "Ostrander", "Quintero", "Ishikawa", "Dunleavy",
    "Rossetti", "Albrecht", "Penhaligon", "Okafor", "Steenkamp", "Villareal", "Hathaway", "Zielinski", "Abernathy",
)  # fmt: skip
STREETS = (
    "Foundry Road", "Commerce Drive", "Dock Street", "Mill Lane", "Industrial Parkway", "Canal Street", "Works Avenue",
    "Station Road", "Logistics Way", "Harbor Boulevard", "Quarry Road", "Enterprise Court",
)  # fmt: skip

# login, name, role, team, approval limit in USD
USERS = (
    ("marta.oakes", "Marta Oakes", "LEAD", "Order desk Americas", 25_000),
    ("devon.pruitt", "Devon Pruitt", "ASSOC", "Order desk Americas", 2_500),
    ("priya.sharma", "Priya Sharma", "ASSOC", "Order desk Americas", 2_500),
    ("ramon.quintero", "Ramón Quintero", "ASSOC", "Order desk Americas", 2_500),
    ("sanne.vermeulen", "Sanne Vermeulen", "LEAD", "Order desk Europe", 25_000),
    ("lukas.brandt", "Lukas Brandt", "ASSOC", "Order desk Europe", 2_500),
    ("elise.fontaine", "Elise Fontaine", "ASSOC", "Order desk Europe", 2_500),
    ("aiko.tanabe", "Aiko Tanabe", "ASSOC", "Order desk Americas", 2_500),
    ("hugh.dunleavy", "Hugh Dunleavy", "MGR", "Order management", 100_000),
    ("ingrid.nygaard", "Ingrid Nygaard", "DIRECTOR", "Operations", 500_000),
    ("kwame.okafor", "Kwame Okafor", "CREDIT", "Credit", 75_000),
    ("noor.haddad", "Noor Haddad", "PLAN", "Supply planning", 20_000),
    ("tobias.albrecht", "Tobias Albrecht", "TRANS", "Transport", 10_000),
    ("bianca.rossetti", "Bianca Rossetti", "BILL", "Billing", 10_000),
    ("callum.whitlock", "Callum Whitlock", "SALES", "Sales", 15_000),
    ("paulina.zielinski", "Paulina Zielinski", "SALES", "Sales", 15_000),
    ("greta.lindqvist", "Greta Lindqvist", "CONTROLLER", "Finance", 250_000),
    ("yusuf.mbeki", "Yusuf Mbeki", "WHSE", "Warehouse Memphis", 1_000),
    ("leila.castellan", "Leila Castellan", "COMPL", "Trade compliance", 10_000),
    ("anders.steenkamp", "Anders Steenkamp", "EDI", "Integration", 1_000),
    ("renee.moreau", "Renée Moreau", "MDM", "Master data", 1_000),
    ("sora.ishikawa", "Sora Ishikawa", "QA", "Quality and returns", 5_000),
    ("matt.hathaway", "Matt Hathaway", "ADMIN", "Systems", 1_000),
    ("jonas.berglund", "Jonas Berglund", "COMPL", "Trade compliance", 10_000),
)
DESKS = {
    "RNO": ("devon.pruitt", "aiko.tanabe"),
    "MEM": ("priya.sharma", "ramon.quintero", "devon.pruitt"),
    "VEN": ("lukas.brandt", "elise.fontaine"),
}
