package config

import "fmt"

// Key documents one key, for help texts and manuals.
type Key struct {
	Name    string // without VOUCHSAFE_
	Default string // "" is none
	Meaning string // with the unit
}

// setting is a key and how its text gets into a Config.
type setting struct {
	Key
	set func(text string) error
}

// Keys lists every key, in the order in which a reader wants to know them.
func Keys() []Key {
	var keys []Key
	for _, s := range new(Config).settings() {
		keys = append(keys, s.Key)
	}
	return keys
}

// settings is the one table of keys. It is a method because each entry knows the field that it fills.
func (c *Config) settings() []setting {
	return []setting{
		{Key{"LISTEN", "127.0.0.1:8080", "host:port that serve listens on"}, listen(&c.Listen)},
		{Key{"PUBLIC_URL", "", "how the world reaches it, http or https; without it http:// and LISTEN"}, publicURL(&c.PublicURL)},
		{Key{"TRUSTED_PROXIES", "", "networks (CIDR) or addresses, comma separated, whose X-Forwarded-For is believed"}, networks(&c.TrustedProxies)},
		{Key{"CONNECTIONS_PER_ADDRESS", "256", "connections that one source address may have open; 0 is any number, as for this machine and trusted proxies"}, count(&c.ConnectionsPerAddress, 0, maxConnections)},
		{Key{"REQUESTS_IN_FLIGHT", "1024", "requests with a valid key that are worked on at once; more are told to come back"}, count(&c.RequestsInFlight, 1, maxConnections)},
		{Key{"ALLOW_PRIVATE_SHOPS", "", "networks (CIDR) or addresses, comma separated, where a shop's URL may lie besides the public Internet, on loopback also with http; none is none; without it loopback if LISTEN is loopback"}, noneOr(networks(&c.AllowPrivateShops), &c.AllowPrivateShops)},
		{Key{"LOG_LEVEL", "info", "least level that is logged: debug, info, warn or error"}, level(&c.LogLevel)},
		{Key{"DRAIN_FOR", "2s", "how long serve still takes requests after SIGTERM, not ready any more, for balancers to see it; 0 without one"}, duration(&c.DrainFor, 0)},
		{Key{"DATABASE_URL", "", "postgres:// address; without it the embedded PostgreSQL"}, databaseURL(&c.DatabaseURL)},
		{Key{"MIGRATE_DATABASE_URL", "", "the same database without a pooler between; without it DATABASE_URL"}, databaseURL(&c.MigrateDatabaseURL)},
		{Key{"REDIS_URL", "", "redis://, rediss://, unix:///path/of/socket, redis+sentinel://host:port,…/master or redis+cluster://host:port,…"}, redisURL(&c.RedisURL)},
		{Key{"MASTER_KEY", "", "one or more id:base64 of 32 bytes, comma separated: the first writes, all read"}, masters(&c.MasterKey)},
		{Key{"SMTP_URL", "", "smtp://user:password@host:587 or smtps://; TLS is mandatory, ?tls=none is for loopback alone"}, smtpURL(&c.SMTPURL)},
		{Key{"MAIL_FROM", "", "sender of mails whose shop names none: an address, or Name <address>"}, sender(&c.MailFrom)},
		{Key{"TIME_ZONE", "Europe/Copenhagen", "the merchant's zone, whose days end validity"}, zone(&c.TimeZone)},
		{Key{"COUNTRY", "DK", "country whose validity rule holds: AT, DE, DK, NO or SE"}, oneOf(&c.Country, Austria, Germany, Denmark, Norway, Sweden)},
		{Key{"BALANCE_HOLDER", "card", "mode of new vouchers: card or customer"}, oneOf(&c.BalanceHolder, HolderCard, HolderCustomer)},
		{Key{"CEILING", "10000.00", "the most a voucher may hold, a decimal in its own currency"}, ceiling(&c.Ceiling)},
		{Key{"APPROVAL_ABOVE", "", "the most that one alone may give away in the office, on one voucher within a day, a decimal in its own currency; without it there is no limit"}, amount(&c.ApprovalAbove)},
		{Key{"CASH_OUT_LIMIT", "", "the most that is paid out in cash of what is left on a voucher where no law gives a right to it: a decimal in whichever currency it is, or one for each, as DKK:50.00,EUR:7.00, and nothing in others; without it nothing is"}, amounts(&c.CashOutLimit)},
		{Key{"CASH_OUT_FEE", "", "what is kept of a cash-out where the law lets the merchant (in Denmark, of a voucher with a last day and through that day), at most what it costs: a decimal in whichever currency it is, or one for each, as DKK:25.00,EUR:3.00, and nothing in others; without it nothing is"}, amounts(&c.CashOutFee)},
		{Key{"RESERVE_FOR", "24h", "how long a reservation holds a code"}, duration(&c.ReserveFor, shortest)},
		{Key{"LATE_CAPTURE", "72h", "how long after its end a reservation can still be captured; 0 is strict"}, duration(&c.LateCapture, 0)},
		{Key{"REVERSE_FOR", "24h", "how long a shop or till may take an act back; 0 is never"}, duration(&c.ReverseFor, 0)},
		{Key{"VOUCHERS_PER_ORDER", "1", "codes that one order may reserve at once"}, count(&c.VouchersPerOrder, 1, maxVouchersPerOrder)},
		{Key{"ERASE_WEBHOOKS_AFTER", "720h", "how long the bodies that shops sent are kept once they are settled"}, duration(&c.EraseWebhooksAfter, soonest)},
		{Key{"ERASE_MAILS_AFTER", "2160h", "how long recipient and text of a mail are kept after it was delivered or given up"}, duration(&c.EraseMailsAfter, soonest)},
		{Key{"ERASE_ORDERS_AFTER", "2160h", "how long buyer and recipients of an order are kept after its last delivery"}, duration(&c.EraseOrdersAfter, soonest)},
		{Key{"SHRED_CODES_AFTER", "2160h", "how long a code can be sent again after it could be spent or paid out for the last time"}, duration(&c.ShredCodesAfter, soonest)},
		{Key{"BALANCE_PAGE", "own", "of which codes the public page /balance tells: own (those drawn here), all (imported ones too) or off"}, oneOf(&c.BalancePage, BalanceOfOwnCodes, BalanceOfAllCodes, NoBalancePage)},
		{Key{"REMIND_DAYS", "0", "days before the last one of a voucher on which its buyer is reminded, unless its shop says otherwise; 0 is never"}, count(&c.RemindDays, 0, maxRemindDays)},
		{Key{"LATE_AFTER", "15m", "when the office is told of what was paid and not delivered"}, duration(&c.LateAfter, shortest)},
		{Key{"DEFAULT_FACILITY", "", "facility preselected and locked in the generator of links"}, line(&c.DefaultFacility)},
	}
}

// read takes the key from the first source that has it, else its default.
func (s setting) read(sources []source) error {
	for _, from := range sources {
		text, err := from.find(s.Name)
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		if err := s.set(text); err != nil {
			return fmt.Errorf("%s: %w", from.spell(s.Name), err)
		}
		return nil
	}
	if s.Default == "" {
		return nil
	}
	return s.set(s.Default)
}
