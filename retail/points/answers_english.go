package points

import "vouchsafe/retail/language"

// english are the built-in answers in English.
func english() []Answer {
	ask := func(entry, question, answer string) Answer {
		return Answer{Language: language.English, Entry: entry, Question: question, Answer: answer}
	}
	return []Answer{
		ask("what-are-points", "What are bonus points?",
			"A thank-you from {{shop_name}} that you collect on your account and can pay with later. Points are not money, can't be paid out, and belong to your account alone."),
		ask("who-can-collect", "Who can collect points?",
			"Everybody who has an account with us and is signed in when ordering. Orders placed as a guest earn no points."),
		ask("how-to-join", "How do I join?",
			"You join by creating an account. There is nothing else to sign and nothing to pay."),
		ask("welcome", "Do I get points for creating an account?",
			"Yes. As a new customer you receive {{signup_points}}, once."),
		ask("earn-by-buying", "How many points does a purchase earn?",
			"You earn {{order_points}} for every {{order_per}} that the goods cost, without VAT and without freight. Fractions of a point are left out."),
		ask("what-earns-nothing", "Are there things that earn no points?",
			"Yes. Gift vouchers earn nothing, nor does freight, nor the part of an order that you pay with points. Some goods may be excepted."),
		ask("reviews", "Do I get points for writing a review?",
			"A review of a product earns {{review_product_points}} and a review of an article {{review_article_points}}, once for each of them, when we have published it."),
		ask("referral", "Can I recommend you to a friend?",
			"Please do. When your friend has become a customer, you receive {{referral_points}}, once for each friend."),
		ask("when-credited", "When are the points on my account?",
			"When we have registered your purchase, usually at once. If the order is cancelled, or you return the goods, its points are taken back."),
		ask("see-balance", "Where do I see how many points I have?",
			"On your account, and in the checkout when you are signed in. On your account you also see which points end next, and when."),
		ask("worth", "What is a point worth?",
			"At present {{rate_points}} are worth {{rate_amount}}. The rate may change; for an order it is the one of the moment at which you chose to pay with points."),
		ask("pay-with-points", "How do I pay with points?",
			"Choose points in the checkout. They are set aside for your order and taken when the order is completed. If it isn't, they are yours again. What they don't cover you pay as usual."),
		ask("limits", "How many points can I use at a time?",
			"Up to {{max_points_per_order}} for one order. Gift vouchers can't be paid with points."),
		ask("with-voucher", "Can I use points and a gift voucher for the same order?",
			"Yes, in either order. Each pays its part, and only the rest is left to be paid."),
		ask("expiry", "Do points expire?",
			"Points live for {{points_lifetime}} from the day on which you earned them. The oldest are used first."),
		ask("returns", "What happens to my points when I return something?",
			"Points that the returned goods earned are taken back. If all of your order is refunded, the points that you paid with come back to your account. If part of it is, you get what you paid for that part back as money or as points, and we tell you which."),
		ask("rewards", "What else can I exchange points for?",
			"For {{rewards}}. An exchange is final once the reward has been used."),
	}
}
