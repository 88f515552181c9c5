"""What the demo distributor sells: product families whose sizes and variants make the SKUs."""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """A product family; prices in USD, weight in kg of the smallest size."""

    code: str
    name: str
    text: str
    sizes: tuple[str, ...]
    variants: tuple[str, ...]
    low: float
    high: float
    weight: float
    hs_code: str
    origin: str
    uom: str


def _family(line: str) -> Family:
    code, name, text, sizes, variants, low, high, weight, hs_code, origin, uom = line.split("|")
    return Family(
        code,
        name,
        text,
        tuple(s.strip() for s in sizes.split(",")),
        tuple(v.strip() for v in variants.split(",")),
        float(low),
        float(high),
        float(weight),
        hs_code,
        origin,
        uom,
    )


FAMILIES = tuple(
    _family(line)
    for line in """\
BRG|Bearings|Deep groove ball bearing {size}, {variant}|6004,6204,6205,6306,6310|open,ZZ shield,2RS seal,2RS C3|3.8|62|0.09|848210|JP|EA
PLB|Bearings|Pillow block unit {size}, {variant}|UCP205,UCP207,UCP208,UCP210,UCP212|cast iron,stainless,coated,with cover|14|148|0.8|848320|CN|EA
VBT|Power transmission|V-belt {size}, {variant}|SPZ 1000,SPA 1250,SPA 1600,SPB 2000,SPB 2500|wrapped,raw edge,antistatic,oil resistant|6|58|0.2|401039|DE|EA
RCH|Power transmission|Roller chain {size}, {variant}|08B-1,10B-1,12B-1,16B-1,20B-1|5 m box,nickel plated 5 m,stainless 5 m,double strand 5 m|24|310|2.9|731511|DE|EA
CPL|Power transmission|Jaw coupling {size}, {variant}|GR 19,GR 24,GR 28,GR 38,GR 42|aluminium hub,steel hub,92 Shore spider,98 Shore spider|9|132|0.4|848360|IT|EA
MOT|Motors and drives|Three-phase motor {size}, {variant}|0.75 kW,1.5 kW,2.2 kW,4 kW,7.5 kW|IE3 foot B3,IE3 flange B5,IE4 foot B3,IE4 brake|145|1320|11|850152|PL|EA
VFD|Motors and drives|Frequency converter {size}, {variant}|0.75 kW,1.5 kW,3 kW,5.5 kW,11 kW|IP20,IP20 safe torque off,IP66,IP66 with filter|180|1650|1.6|850440|FI|EA
CTR|Switchgear|Contactor {size}, {variant}|9 A,12 A,18 A,32 A,50 A|24 V DC coil,24 V AC coil,110 V AC coil,230 V AC coil|18|164|0.35|853649|FR|EA
MCB|Switchgear|Miniature circuit breaker {size}, {variant}|C6,C10,C16,C25,C32|1-pole,2-pole,3-pole,4-pole|5|72|0.12|853620|CZ|EA
CAB|Cable and wire|Control cable {size}, {variant}|3G0.75,4G1.0,4G1.5,5G2.5,7G1.5|PVC 100 m,PUR 100 m,screened 100 m,halogen free 100 m|62|495|7.5|854449|IT|EA
SEN|Sensors|Inductive sensor {size}, {variant}|M8,M12,M18,M30,40 x 40|PNP cable,PNP plug,NPN plug,IO-Link|19|118|0.06|853650|HU|EA
PHO|Sensors|Photoelectric sensor {size}, {variant}|0.3 m,1 m,4 m,10 m,25 m|diffuse,retro-reflective,through-beam,background suppression|38|264|0.08|854141|DE|EA
PNC|Pneumatics|Compact cylinder {size}, {variant}|16 x 25,20 x 25,25 x 50,32 x 50,40 x 80|single acting,double acting,magnetic,magnetic stainless|22|186|0.3|841231|ES|EA
VLV|Pneumatics|Solenoid valve {size}, {variant}|G1/8,G1/4,G3/8,G1/2,G3/4|3/2 closed,5/2 single,5/2 double,5/3 centre closed|29|212|0.25|848120|CH|EA
FIT|Pneumatics|Push-in fitting {size}, {variant}|4 mm,6 mm,8 mm,10 mm,12 mm|straight 10-pack,elbow 10-pack,tee 10-pack,bulkhead 10-pack|8|46|0.12|391740|KR|PK
HOS|Hydraulics|Hydraulic hose {size}, {variant}|DN06,DN08,DN10,DN16,DN20|1SN 10 m,2SN 10 m,compact 10 m,arctic 10 m|38|290|3.2|400921|IT|EA
SEA|Seals|O-ring assortment {size}, {variant}|3-22 mm,6-32 mm,10-50 mm,20-80 mm,metric 420|NBR 70,FKM 80,EPDM 70,silicone 70|16|140|0.6|401693|US|SET
BLT|Fasteners|Hex bolt {size}, {variant}|M6 x 30,M8 x 40,M10 x 50,M12 x 60,M16 x 80|8.8 zinc 100-box,10.9 black 100-box,A2 stainless 100-box,A4 stainless 100-box|9|175|1.1|731815|TW|BX
GLV|Safety|Work glove {size}, {variant}|size 7,size 8,size 9,size 10,size 11|nitrile dozen,cut level C dozen,leather dozen,winter dozen|24|128|0.7|611610|VN|DZ
LUB|Lubricants|Industrial lubricant {size}, {variant}|400 ml,1 l,5 l,20 l,60 l|chain oil,gear oil ISO 220,food grade H1,multi-purpose grease|7|520|0.5|271019|BE|EA""".splitlines()
)

SUPPLIERS = tuple(
    tuple(line.split("|"))
    for line in """\
Akishima Rolling Works|JP|42
Donghae Bearing Industry|KR|38
Vogtsberg Antriebstechnik|DE|14
Castellaro Trasmissioni|IT|18
Wielkopolska Napędy|PL|16
Saimaa Drives|FI|21
Brévenne Électrique|FR|15
Moravan Switchgear|CZ|12
Brianza Cavi|IT|17
Balaton Sensorics|HU|14
Schwarzach Optoelektronik|DE|13
Neumática del Ebro|ES|16
Emmental Ventiltechnik|CH|15
Gimhae Fluid Connectors|KR|35
Appennino Oleodinamica|IT|19
Cuyahoga Seal & Gasket|US|9
Taichung Precision Fasteners|TW|40
Bien Hoa Protective Wear|VN|44
Kempen Smeermiddelen|BE|10
Qingpu Casting & Bearing|CN|45
Sierra Nevada Belting|US|8
Tennessee Valley Chain|US|7
Ohio Basin Electric Controls|US|10
Monterrey Motores|MX|12
Kamloops Cable|CA|11""".splitlines()
)
