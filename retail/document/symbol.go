package document

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/qr"
)

const (
	quietZone   = 4  // modules of white around a QR symbol: ISO 18004
	modulePixel = 12 // pixels of a module: sharp at twice the size that mails show
)

// QR is the code as a QR symbol in a PNG, white around it included so that it can be scanned from a dark mail.
func QR(code string) ([]byte, error) {
	symbol, err := qrSymbol(code)
	if err != nil {
		return nil, err
	}
	modules := symbol.Bounds().Dx()
	side := (modules + 2*quietZone) * modulePixel
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range modules * modulePixel {
		for x := range modules * modulePixel {
			if dark(symbol, x/modulePixel, y/modulePixel) {
				picture.SetColorIndex(x+quietZone*modulePixel, y+quietZone*modulePixel, 1)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil, fmt.Errorf("draw QR symbol: %w", err)
	}
	return out.Bytes(), nil
}

// qrSymbol has a module a pixel. Level M survives 15 % of dirt and keeps our codes in the smallest symbol, whose modules
// are the largest.
func qrSymbol(code string) (barcode.Barcode, error) {
	if err := checkCode(code); err != nil {
		return nil, err
	}
	symbol, err := qr.Encode(code, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("encode code as QR symbol: %w", err)
	}
	return symbol, nil
}

// barSymbol is the code for scanners that read lines, a module a pixel.
func barSymbol(code string) (barcode.Barcode, error) {
	symbol, err := code128.Encode(code)
	if err != nil {
		return nil, fmt.Errorf("encode code as Code 128: %w", err)
	}
	return symbol, nil
}

func dark(symbol image.Image, x, y int) bool {
	r, _, _, _ := symbol.At(x, y).RGBA()
	return r == 0
}

// bar is a run of dark modules in one row.
type bar struct{ from, modules int }

func bars(symbol image.Image, y int) []bar {
	var row []bar
	width := symbol.Bounds().Dx()
	for x := 0; x < width; x++ {
		from := x
		for x < width && dark(symbol, x, y) {
			x++
		}
		if x > from {
			row = append(row, bar{from: from, modules: x - from})
		}
	}
	return row
}
