package points

import "vouchsafe/retail/language"

// danish are the built-in answers in Danish.
func danish() []Answer {
	ask := func(entry, question, answer string) Answer {
		return Answer{Language: language.Danish, Entry: entry, Question: question, Answer: answer}
	}
	return []Answer{
		ask("what-are-points", "Hvad er bonuspoint?",
			"En tak fra {{shop_name}}, som du samler på din konto og kan betale med senere. Point er ikke penge, kan ikke udbetales og hører til din konto."),
		ask("who-can-collect", "Hvem kan samle point?",
			"Alle, der har en konto hos os og er logget ind, når de bestiller. Køb som gæst giver ingen point."),
		ask("how-to-join", "Hvordan kommer jeg med?",
			"Du er med, når du har oprettet en konto. Der er ikke andet at tilmelde sig, og det koster ikke noget."),
		ask("welcome", "Får jeg point for at oprette en konto?",
			"Ja. Som ny kunde får du {{signup_points}}, én gang."),
		ask("earn-by-buying", "Hvor mange point giver et køb?",
			"Du får {{order_points}}, hver gang varerne koster {{order_per}}, uden moms og uden fragt. Brøkdele af point tælles ikke med."),
		ask("what-earns-nothing", "Er der noget, der ikke giver point?",
			"Ja. Gavekort giver ingen point, og det gør fragt og den del af ordren, du betaler med point, heller ikke. Enkelte varer kan være undtaget."),
		ask("reviews", "Får jeg point for at skrive en anmeldelse?",
			"En anmeldelse af et produkt giver {{review_product_points}} og en anmeldelse af en artikel {{review_article_points}}, én gang for hvert, når vi har offentliggjort den."),
		ask("referral", "Kan jeg anbefale jer til en ven?",
			"Meget gerne. Når din ven er blevet kunde, får du {{referral_points}}, én gang pr. ven."),
		ask("when-credited", "Hvornår står pointene på min konto?",
			"Når vi har registreret dit køb, som regel med det samme. Bliver ordren annulleret, eller returnerer du varerne, bliver pointene trukket tilbage."),
		ask("see-balance", "Hvor kan jeg se, hvor mange point jeg har?",
			"På din konto, og ved betalingen, når du er logget ind. På din konto kan du også se, hvilke point der udløber først, og hvornår."),
		ask("worth", "Hvad er et point værd?",
			"Lige nu er {{rate_points}} {{rate_amount}} værd. Kursen kan ændre sig; for en ordre gælder kursen fra det øjeblik, du valgte at betale med point."),
		ask("pay-with-points", "Hvordan betaler jeg med point?",
			"Vælg point ved betalingen. De bliver sat til side til din ordre og trukket, når ordren er gennemført. Bliver den ikke det, er de dine igen. Resten betaler du, som du plejer."),
		ask("limits", "Hvor mange point kan jeg bruge ad gangen?",
			"Op til {{max_points_per_order}} på én ordre. Gavekort kan ikke betales med point."),
		ask("with-voucher", "Kan jeg bruge point og gavekort på samme ordre?",
			"Ja, i vilkårlig rækkefølge. De betaler hver sin del, og du betaler kun det, der er tilbage."),
		ask("expiry", "Udløber point?",
			"Point gælder i {{points_lifetime}} fra den dag, du fik dem. De ældste bruges først."),
		ask("returns", "Hvad sker der med mine point, når jeg returnerer noget?",
			"Point, som de returnerede varer gav, bliver trukket tilbage. Bliver hele din ordre refunderet, kommer de point, du har betalt med, tilbage på din konto. Bliver en del af den refunderet, får du det, du har betalt for den del, tilbage som penge eller som point, og vi fortæller dig hvilken af delene."),
		ask("rewards", "Hvad kan jeg ellers bytte point til?",
			"Til {{rewards}}. En ombytning kan ikke fortrydes, når belønningen er brugt."),
	}
}
