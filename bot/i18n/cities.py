"""Where people live: the zones most of them are in, and large cities no zone is named after."""

from collections.abc import Mapping

PRINCIPAL: tuple[str, ...] = (
    *("Asia/Kolkata", "Asia/Shanghai", "America/New_York", "Asia/Jakarta", "America/Sao_Paulo", "Africa/Lagos"),
    *("Asia/Karachi", "Asia/Dhaka", "Europe/Moscow", "America/Chicago", "America/Mexico_City", "Asia/Tokyo"),
    *("Asia/Manila", "Africa/Cairo", "Asia/Ho_Chi_Minh", "Africa/Addis_Ababa", "Africa/Kinshasa", "Europe/Berlin"),
    *("Asia/Tehran", "Europe/Istanbul", "Asia/Bangkok", "Europe/London", "Europe/Paris", "Africa/Johannesburg"),
    *("Europe/Rome", "Africa/Nairobi", "Asia/Yangon", "America/Bogota", "Asia/Seoul", "Europe/Madrid"),
    *("America/Argentina/Buenos_Aires", "America/Los_Angeles", "Africa/Algiers", "Europe/Kyiv", "Asia/Baghdad"),
    *("Asia/Kabul", "Europe/Warsaw", "Africa/Casablanca", "Asia/Riyadh", "Asia/Tashkent", "America/Lima"),
    *("Asia/Kuala_Lumpur", "Africa/Luanda", "Africa/Accra", "Asia/Kathmandu", "America/Caracas", "Australia/Sydney"),
    *("Asia/Taipei", "Asia/Colombo", "Europe/Bucharest", "America/Santiago", "Asia/Almaty", "America/Guatemala"),
    *(
        "Asia/Yekaterinburg",
        "America/Toronto",
        "Europe/Amsterdam",
        "Europe/Brussels",
        "Africa/Tunis",
        "Asia/Phnom_Penh",
    ),
    *("Europe/Athens", "Europe/Lisbon", "Europe/Prague", "Europe/Stockholm", "Asia/Baku", "Europe/Budapest"),
    *("Asia/Dubai", "Asia/Jerusalem", "Europe/Vienna", "Europe/Zurich", "Europe/Minsk", "America/Denver"),
    *("Asia/Hong_Kong", "Asia/Novosibirsk", "Europe/Belgrade", "Europe/Sofia", "Asia/Singapore", "Europe/Copenhagen"),
    *("Europe/Helsinki", "Europe/Oslo", "Europe/Dublin", "Pacific/Auckland", "Asia/Tbilisi", "Asia/Yerevan"),
    *(
        "Australia/Brisbane",
        "Australia/Perth",
        "America/Phoenix",
        "America/Vancouver",
        "Asia/Makassar",
        "America/Manaus",
    ),
    *("Europe/Samara", "Asia/Omsk", "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Vladivostok", "Australia/Adelaide"),
    *("Asia/Yakutsk", "Asia/Ulaanbaatar", "America/Halifax", "America/Edmonton", "America/Winnipeg", "America/Tijuana"),
    *("Asia/Jayapura", "Asia/Kamchatka", "Asia/Magadan", "Europe/Kaliningrad", "Pacific/Honolulu", "America/St_Johns"),
    *("America/Anchorage", "America/Cancun", "America/Regina", "America/Noronha", "Atlantic/Azores", "Atlantic/Canary"),
    *("Australia/Darwin", "Atlantic/Cape_Verde", "Pacific/Port_Moresby", "Pacific/Fiji", "Pacific/Apia"),
    *("Pacific/Tongatapu", "Pacific/Chatham", "Pacific/Pago_Pago", "Pacific/Marquesas", "Pacific/Kiritimati"),
    *("Australia/Lord_Howe", "Australia/Eucla", "America/Nuuk", "Pacific/Tahiti", "Asia/Bishkek", "Asia/Dushanbe"),
)
"""The zones people are asked to choose among, roughly by how many live there."""

CITIES: Mapping[str, str] = {
    "Africa/Abidjan": "Yamoussoukro",
    "Africa/Addis_Ababa": "Addis Abeba",
    "Africa/Algiers": "Oran, Alger",
    "Africa/Accra": "Kumasi",
    "Africa/Cairo": "Alexandria, Giza",
    "Africa/Casablanca": "Rabat, Marrakesh, Marrakech, Fez, Tangier, Agadir",
    "Africa/Dar_es_Salaam": "Dodoma, Zanzibar",
    "Africa/Johannesburg": "Cape Town, Durban, Pretoria, Joburg, Soweto, Port Elizabeth",
    "Africa/Lagos": "Abuja, Kano, Ibadan, Port Harcourt",
    "Africa/Nairobi": "Mombasa",
    "America/Argentina/Buenos_Aires": "Rosario, La Plata, Mar del Plata",
    "America/Bogota": "Medellín, Cali, Barranquilla, Cartagena",
    "America/Caracas": "Maracaibo, Valencia",
    "America/Chicago": (
        "Houston, Dallas, Austin, San Antonio, Minneapolis, New Orleans, Nashville, Milwaukee, Kansas City, St Louis,"
        " Memphis, Oklahoma City, Texas, Illinois, Minnesota, Wisconsin, Missouri, Louisiana, Alabama"
    ),
    "America/Costa_Rica": "San Jose",
    "America/Denver": "Salt Lake City, Albuquerque, Colorado Springs, Colorado, Utah, New Mexico, Montana",
    "America/Edmonton": "Calgary, Alberta",
    "America/Fortaleza": "Natal",
    "America/Guayaquil": "Quito",
    "America/La_Paz": "Santa Cruz de la Sierra, Cochabamba",
    "America/Lima": "Arequipa",
    "America/Los_Angeles": (
        "LA, San Francisco, SF, San Diego, Seattle, Portland, Las Vegas, San Jose, Sacramento, Oakland, California,"
        " Oregon, Nevada"
    ),
    "America/Mexico_City": "CDMX, Guadalajara, Puebla, Leon, Ciudad de México",
    "America/New_York": (
        "NYC, Washington, Washington DC, Boston, Philadelphia, Miami, Atlanta, Orlando, Charlotte, Pittsburgh, Cleveland,"
        " Baltimore, Tampa, Brooklyn, Columbus, Buffalo, Florida, Ohio, Virginia, Pennsylvania, New Jersey, Massachusetts,"
        " North Carolina, Georgia, Maryland, Michigan, Connecticut"
    ),
    "America/Phoenix": "Tucson, Arizona",
    "America/Port_of_Spain": "Trinidad",
    "America/Recife": "Olinda",
    "America/Sao_Paulo": (
        "Rio de Janeiro, Rio, Brasília, Belo Horizonte, Porto Alegre, Curitiba, Campinas, Florianópolis, Goiânia, Sampa"
    ),
    "America/Tijuana": "Mexicali",
    "America/Toronto": "Ontario, Ottawa, Montreal, Quebec, Quebec City, Hamilton",
    "America/Vancouver": "Victoria, British Columbia",
    "Asia/Almaty": "Astana, Nur-Sultan, Shymkent, Alma-Ata, Karaganda",
    "Asia/Baghdad": "Basra, Mosul, Erbil",
    "Asia/Bangkok": "Chiang Mai, Phuket, Pattaya",
    "Asia/Dhaka": "Chittagong, Dacca",
    "Asia/Dubai": "Abu Dhabi, Sharjah",
    "Asia/Ho_Chi_Minh": "Hanoi, Saigon, Da Nang, HCMC",
    "Asia/Irkutsk": "Ulan-Ude",
    "Asia/Jakarta": "Bandung, Surabaya, Medan, Semarang, Yogyakarta, Bekasi, Depok, Palembang",
    "Asia/Jerusalem": "Tel Aviv, Haifa",
    "Asia/Karachi": "Lahore, Islamabad, Rawalpindi, Faisalabad, Peshawar",
    "Asia/Kathmandu": "Pokhara",
    "Asia/Kolkata": (
        "Mumbai, Delhi, New Delhi, Bangalore, Bengaluru, Hyderabad, Chennai, Pune, Ahmedabad, Bombay, Calcutta, Madras,"
        " Jaipur, Lucknow, Surat, Kochi, Goa, Nagpur, Indore, Chandigarh, Gurgaon, Noida"
    ),
    "Asia/Krasnoyarsk": "Abakan",
    "Asia/Kuala_Lumpur": "KL, Penang, Johor Bahru, George Town",
    "Asia/Makassar": "Bali, Denpasar",
    "Asia/Manila": "Quezon City, Cebu, Davao",
    "Asia/Novosibirsk": "Novosib",
    "Asia/Riyadh": "Jeddah, Mecca, Medina, Dammam",
    "Asia/Seoul": "Busan, Incheon, Daegu",
    "Asia/Shanghai": (
        "Beijing, Shenzhen, Guangzhou, Chengdu, Wuhan, Tianjin, Nanjing, Hangzhou, Xian, Chongqing, Peking, Suzhou"
    ),
    "Asia/Taipei": "Kaohsiung, Taichung",
    "Asia/Tashkent": "Bukhara, Namangan, Andijan, Fergana",
    "Asia/Tehran": "Mashhad, Isfahan, Shiraz, Tabriz, Karaj",
    "Asia/Tokyo": "Osaka, Kyoto, Yokohama, Nagoya, Sapporo, Fukuoka, Kobe",
    "Asia/Yangon": "Rangoon, Mandalay",
    "Asia/Yekaterinburg": "Ekaterinburg, Chelyabinsk, Perm, Ufa, Tyumen, Surgut",
    "Australia/Brisbane": "Gold Coast, Cairns, Queensland",
    "Australia/Sydney": "Canberra, Newcastle, Wollongong",
    "Atlantic/Canary": "Tenerife, Gran Canaria, Las Palmas",
    "Europe/Amsterdam": "Rotterdam, The Hague, Utrecht, Eindhoven, Den Haag, Groningen",
    "Europe/Athens": "Thessaloniki, Athina",
    "Europe/Belgrade": "Novi Sad, Beograd",
    "Europe/Berlin": (
        "Munich, München, Muenchen, Hamburg, Frankfurt, Cologne, Köln, Koeln, Stuttgart, Düsseldorf, Duesseldorf, Leipzig,"
        " Dresden, Hannover, Nuremberg, Nürnberg, Bremen, Dortmund, Essen, Bonn, Freiburg"
    ),
    "Europe/Brussels": "Antwerp, Ghent, Bruges, Liège, Bruxelles",
    "Europe/Bucharest": "Cluj, Timișoara, Iași, București",
    "Europe/Copenhagen": "Aarhus, København, Kobenhavn",
    "Europe/Dublin": "Cork, Galway",
    "Europe/Helsinki": "Espoo, Tampere, Turku",
    "Europe/Istanbul": "Ankara, Izmir, Antalya, Bursa, Constantinople",
    "Europe/Kyiv": "Kiev, Kharkiv, Kharkov, Odesa, Odessa, Lviv, Dnipro, Lvov",
    "Europe/Lisbon": "Porto, Lisboa, Braga, Coimbra",
    "Europe/London": (
        "Manchester, Birmingham, Glasgow, Edinburgh, Liverpool, Leeds, Bristol, Cardiff, Belfast, Sheffield, Oxford,"
        " Cambridge, Brighton, Nottingham, Newcastle, Leicester, Southampton, Aberdeen, York, Bath"
    ),
    "Europe/Madrid": (
        "Barcelona, Valencia, Seville, Sevilla, Málaga, Bilbao, Zaragoza, Granada, Palma, Alicante, Cordoba"
    ),
    "Europe/Minsk": "Gomel, Brest, Grodno",
    "Europe/Moscow": (
        "Saint Petersburg, St Petersburg, Petersburg, Piter, Kazan, Nizhny Novgorod, Sochi, Rostov, Krasnodar, Voronezh,"
        " Moskva, Murmansk"
    ),
    "Europe/Oslo": "Bergen, Trondheim, Stavanger",
    "Europe/Paris": "Lyon, Marseille, Toulouse, Nice, Bordeaux, Lille, Nantes, Strasbourg, Montpellier, Rennes",
    "Europe/Prague": "Brno, Praha, Ostrava",
    "Europe/Rome": "Milan, Milano, Naples, Napoli, Turin, Torino, Florence, Firenze, Bologna, Venice, Palermo, Roma, Genoa",
    "Europe/Samara": "Togliatti, Tolyatti, Izhevsk",
    "Europe/Stockholm": "Gothenburg, Malmö, Göteborg, Uppsala",
    "Europe/Vienna": "Graz, Salzburg, Linz, Innsbruck, Wien",
    "Europe/Warsaw": "Kraków, Cracow, Wroclaw, Gdańsk, Poznań, Lodz, Warszawa, Katowice",
    "Europe/Zurich": "Geneva, Genève, Basel, Bern, Lausanne, Lucerne",
    "Pacific/Auckland": "Wellington, Christchurch, Hamilton",
}
"""Cities and other spellings by zone; a zone's own name need not be repeated."""

NICKNAMES: Mapping[str, str] = {
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "usa": "US",
    "america": "US",
    "the states": "US",
    "holland": "NL",
    "uae": "AE",
    "emirates": "AE",
    "korea": "KR",
    "czech republic": "CZ",
    "turkey": "TR",
    "burma": "MM",
    "ivory coast": "CI",
    "macedonia": "MK",
    "congo": "CD",
    "dr congo": "CD",
    "palestine": "PS",
}
"""Countries as people call them, where the official name differs."""
