package woocommerce

import (
	"math/big"
	"strings"
)

// addDecimals adds two plain decimal numbers exactly. The sum has as many decimals as the longer of them.
func addDecimals(a, b string) string {
	scale := max(scaleOf(a), scaleOf(b))
	sum := new(big.Int).Add(unscaled(a, scale), unscaled(b, scale))
	digits := new(big.Int).Abs(sum).String()
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	text := digits[:len(digits)-scale]
	if scale > 0 {
		text += "." + digits[len(digits)-scale:]
	}
	if sum.Sign() < 0 {
		text = "-" + text
	}
	return text
}

func scaleOf(decimal string) int {
	_, fraction, _ := strings.Cut(decimal, ".")
	return len(fraction)
}

// unscaled is the number times ten to the power of scale, which is at least its own.
func unscaled(decimal string, scale int) *big.Int {
	digits := strings.Replace(decimal, ".", "", 1) + strings.Repeat("0", scale-scaleOf(decimal))
	n, _ := new(big.Int).SetString(digits, 10) // a plain decimal has nothing but digits and a sign
	return n
}
