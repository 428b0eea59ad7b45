# ruff: noqa: RUF001 - texts of many languages have letters that look alike
"""Which encoding bytes are in that say nothing of it: texts as people have them, short ones too."""

import pytest

from framework.browse.render.encodings import decode
from framework.browse.render.evidence import guess_encoding
from framework.browse.view_options import ENCODINGS
from tests.browse.render.made_files import Show

TEXTS = [
    ("koi8-r", "Результаты измерений за май и июнь"),
    ("cp1252", "Ergebnis: 12 µg ± 3 µg"),
    ("iso8859-2", "Źródło: Główny Urząd Statystyczny, województwo łódzkie"),
    ("cp1250", "gęstość zaludnienia, ludność, powierzchnia"),
    ("cp1250", "teplota vzduchu (°C), vlhkost půdy, čas měření"),
    ("iso8859-2", "teplota vzduchu, vlhkost půdy, čas měření"),
    ("iso8859-2", "Judeţul Iaşi, oraş, judeţ, populaţia, învăţământ"),
    ("cp1250", "Šibenik, Čakovec, Đurđevac, Križevci, Požega"),
    ("cp1250", "hőmérséklet, légnyomás, szélerősség"),
    ("cp1254", "İstanbul, Muğla, Iğdır, Şırnak, Ağrı: sıcaklık ölçümü"),
    ("euc_jp", "日付,観測地点,気温\n2020-01-01,東京,5.6"),
    ("cp932", "サンプル番号,測定値\n1,2"),
    ("gb18030", "日期,温度,湿度,地点\n2020-01-01,5,60,广州"),
    ("gb18030", "这是一个实验数据文件，请不要修改。"),
    ("big5", "日期,溫度,濕度"),
    ("big5", "這是一個實驗數據，請勿修改"),
    ("cp949", "날짜,기온,습도,지점"),
    ("cp1251", "Дата;Температура;Влажность"),
    ("cp1251", "ДАТА;ТЕМПЕРАТУРА;ВЛАЖНОСТЬ"),
    ("iso8859-5", "Дата измерения температуры в городе Москва и области"),
    ("cp866", "Температура воздуха, влажность"),
    ("cp1251", "Київ, Львів, Харків: температура повітря"),
    ("cp1253", "Ημερομηνία;Θερμοκρασία"),
    ("cp1255", "טמפרטורה, לחות, תאריך"),
    ("cp1256", "درجة الحرارة، الرطوبة"),
    ("cp874", "อุณหภูมิ ความชื้น วันที่"),
    ("cp1252", "Mätvärden från Östersjön, långsam förändring"),
    ("cp1252", "Måling af sø og å, ændring på København"),
    ("cp1252", "Hitastig í Reykjavík, þýðing, æð, ferð"),
    ("cp1252", "medição, estação, São Paulo, não, coração, três"),
    ("cp1252", "estación, año, niño, ¿qué?, mañana"),
    ("cp1252", "città, perché, più, università, è"),
    ("cp1252", "Straße; Höhe; Übergröße; Äpfel"),
    ("cp1252", "L’été, œuvre, «là», garçon, naïf, Noël"),
    ("cp1252", "see §3, 10 ± 2 °C, 5×5 µm², ½"),
    ("cp1252", "Müller"),
    ("cp1252", "°"),
    ("cp1252", "Ångström"),
    ("cp1252", "¿Cómo está?"),
    ("cp1252", "µg/m³,NO"),
    ("cp1252", "número,año,niño\n1,2,3"),
    ("cp1257", "Temperatūra, drėgmė, ąžuolas, šešėlis, žuvų skaičius"),
    ("cp1252", "Author: José García <a@b>"),
    ("cp1252", "Björn, Søren, Zoë, Renée, Lukasz"),
    ("cp1252", "Müller, García, Lefèvre, Søren, Åse, João"),
    ("iso8859-2", "Książka o życiu"),
    ("iso8859-2", "ilość, dąb, świerk"),
    ("cp1250", "Győr, Kőszeg"),
    ("cp1250", "Braşov, Constanţa"),
    ("cp1254", "# sıcaklık değerleri"),
    ("gb18030", "温度,湿度"),
    ("cp1252", "Mõis, põld, õun"),
    ("cp1252", "Það er vænn maður í húsinu"),
    ("cp1252", "It’s a “test” – really…"),
]


@pytest.mark.parametrize(("encoding", "text"), TEXTS)
def test_texts_are_read_as_they_were_written(encoding: str, text: str) -> None:
    data = text.encode(encoding)
    assert data.decode(guess_encoding(data)) == text
    assert decode(data).text == text


def test_every_guess_is_a_choice_of_readers() -> None:
    assert {decode(text.encode(encoding)).encoding for encoding, text in TEXTS} <= set(ENCODINGS)


@pytest.mark.parametrize("choice", ENCODINGS)
def test_every_choice_can_be_read(choice: str) -> None:
    assert decode(b"abcd", encoding=choice).encoding == choice


WORDS = "Die Größe der Fläche beträgt 5 µm. ".encode()


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (WORDS * 20 + b"caf\xe9\n" + WORDS * 20, "Größe"),
        (b"id,ville\n" + "1,Orléans\n".encode() * 300 + b"301,Besan\xe7on\n", "Orléans"),
        ("温度データ\n".encode() * 50 + b"\xff\n", "温度データ"),
    ],
)
def test_a_byte_that_is_no_utf8_costs_only_itself(data: bytes, shown: str) -> None:
    found = decode(data)
    assert found.encoding == "utf-8"
    assert found.text.count("\ufffd") == 1
    assert shown in found.text


@pytest.mark.parametrize("torn", ["é".encode()[:1], "€".encode()[:-1], "😀".encode()[:-1]])
def test_a_torn_character_is_left_out_only_where_the_file_goes_on(torn: bytes) -> None:
    assert decode(b"caf" + torn, goes_on=True).text == "caf"
    assert len(decode(b"caf" + torn).text) > len("caf")


def test_a_last_byte_is_shown() -> None:
    assert decode(b"caf\xe9").text == "café"
    assert decode(b"# R\xe9sum\xe9").text == "# Résumé"


def test_the_reader_chooses_how_a_file_is_read(shown: Show) -> None:
    visitor = shown(
        {"a.txt": "Größe".encode("cp1252"), "b.csv": "ort,höhe\nKöln,5\n".encode("cp1252"), "c.txt": b"plain"}
    )
    assert "windows-1252" in visitor.get("/blob/main/a.txt")
    assert "Größe" in visitor.get("/blob/main/a.txt")
    assert "GrцЯe" in visitor.get("/blob/main/a.txt?encoding=windows-1251")
    assert "Kцln" in visitor.get("/blob/main/b.csv?encoding=windows-1251")
    assert "Größe" in visitor.get("/blob/main/a.txt?encoding=rot13")
    assert "Read it in another encoding" not in visitor.get("/blob/main/c.txt")
