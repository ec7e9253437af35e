package bookkeeping

import (
	"fmt"
	"strings"
)

// The columns of a Buchungsstapel, version 13, as DATEV has named them. The numbered ones in the middle come in pairs.
const (
	columnsBefore = "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Basis-Umsatz;WKZ Basis-Umsatz;Konto;" +
		"Gegenkonto (ohne BU-Schlüssel);BU-Schlüssel;Belegdatum;Belegfeld 1;Belegfeld 2;Skonto;Buchungstext;Postensperre;" +
		"Diverse Adressnummer;Geschäftspartnerbank;Sachverhalt;Zinssperre;Beleglink"
	columnsBetween = "KOST1 - Kostenstelle;KOST2 - Kostenstelle;Kost-Menge;EU-Land u. UStID (Bestimmung);EU-Steuersatz (Bestimmung);" +
		"Abw. Versteuerungsart;Sachverhalt L+L;Funktionsergänzung L+L;BU 49 Hauptfunktionstyp;BU 49 Hauptfunktionsnummer;" +
		"BU 49 Funktionsergänzung"
	columnsAfter = "Stück;Gewicht;Zahlweise;Forderungsart;Veranlagungsjahr;Zugeordnete Fälligkeit;Skontotyp;Auftragsnummer;Buchungstyp;" +
		"USt-Schlüssel (Anzahlungen);EU-Land (Anzahlungen);Sachverhalt L+L (Anzahlungen);EU-Steuersatz (Anzahlungen);" +
		"Erlöskonto (Anzahlungen);Herkunft-Kz;Buchungs GUID;KOST-Datum;SEPA-Mandatsreferenz;Skontosperre;Gesellschaftername;" +
		"Beteiligtennummer;Identifikationsnummer;Zeichnernummer;Postensperre bis;Bezeichnung SoBil-Sachverhalt;" +
		"Kennzeichen SoBil-Buchung;Festschreibung;Leistungsdatum;Datum Zuord. Steuerperiode;Fälligkeit;Generalumkehr (GU);" +
		"Steuersatz;Land;Abrechnungsreferenz;BVV-Position;EU-Land u. UStID (Ursprung);EU-Steuersatz (Ursprung);Abw. Skontokonto"
	vouchersInfos   = 8
	additionalInfos = 20
)

// columns are the names in their order.
func columns() []string {
	names := strings.Split(columnsBefore, ";")
	for n := 1; n <= vouchersInfos; n++ {
		names = append(names, fmt.Sprintf("Beleginfo - Art %d", n), fmt.Sprintf("Beleginfo - Inhalt %d", n))
	}
	names = append(names, strings.Split(columnsBetween, ";")...)
	for n := 1; n <= additionalInfos; n++ {
		names = append(names, fmt.Sprintf("Zusatzinformation - Art %d", n), fmt.Sprintf("Zusatzinformation- Inhalt %d", n))
	}
	return append(names, strings.Split(columnsAfter, ";")...)
}

// isText tells whether a column, counted from 1, holds a text, which stands in quotation marks also when it is empty.
func isText(column int) bool {
	switch column {
	case 2, 3, 6, 9, 11, 12, 14, 16, 20, 40, 42, 91, 95, 96, 98, 102, 103, 105, 107, 109, 110, 112, 118, 120, 121, 123:
		return true
	}
	return column >= 21 && column <= 38 || column >= 48 && column <= 87
}
