"""Slips in descriptions that need no dictionary: words twice, words missing, common misspellings, broken markup.

A list of common misspellings finds less than a dictionary, and is never wrong about names of fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from conformance.model.value import Value
from conformance.openapi.objects import Node
from conformance.openapi.survey import Survey

_FIELDS: Final = ("summary", "description")
_CODE: Final = re.compile(r"`[^`]*`|https?://\S+|\]\([^)]*\)|\{[^}]*\}")


class Slip(Value, frozen=True, kw_only=True):
    """Something that was not meant so."""

    found: str
    advice: str


def texts(survey: Survey) -> Iterator[tuple[Node, str, str]]:
    """Give the summaries and descriptions of a document: the object, the field and the text."""
    for node in survey.nodes:
        if isinstance(node.value, dict):
            for field in _FIELDS:
                text = node.value.get(field)
                if isinstance(text, str) and text.strip():
                    yield node, field, text


_WORDS: Final = {
    wrong: right
    for right, wrongs in {
        "accessible": "accessable acessible",
        "accommodate": "accomodate acommodate",
        "achieve": "acheive",
        "address": "adress addres addresss",
        "additional": "addtional aditional",
        "appropriate": "appropiate apropriate",
        "argument": "arguement",
        "asynchronous": "asyncronous asynchonous",
        "attribute": "atribute attribtue",
        "available": "availble avaliable availabe avialable",
        "because": "becuase becasue",
        "beginning": "begining",
        "believe": "beleive",
        "between": "betwen bewteen",
        "calendar": "calender",
        "callback": "calback callbck",
        "character": "charachter charcter",
        "characters": "charachters charcters",
        "configuration": "configuraton configration",
        "containing": "contianing",
        "corresponding": "coresponding correponding",
        "country": "contry countr",
        "created": "creatd craeted",
        "credentials": "credentals credientials",
        "currently": "currenlty curently",
        "default": "defualt defalt",
        "definitely": "definately",
        "delivered": "deliverd delievered",
        "dependent": "dependant",
        "deprecated": "depricated deprecaded",
        "description": "descripton desciption discription",
        "different": "diferent differnt",
        "disconnect": "disconect",
        "domain": "doamin",
        "environment": "enviroment enviornment",
        "existence": "existance",
        "exceed": "excede",
        "expected": "expeted",
        "explicitly": "explicitely explictly",
        "following": "folowing follwing",
        "format": "fromat formatt",
        "identifier": "identifer indentifier identifeir",
        "immediately": "immediatly imediately",
        "including": "includng inculding",
        "indicates": "indiciates indicats",
        "information": "infomation informaton",
        "initiate": "intiate",
        "instance": "instace instnace",
        "integer": "interger",
        "language": "langauge",
        "length": "lenght lengh",
        "maintenance": "maintainance maintenence",
        "maximum": "maxium maximun",
        "message": "mesage messsage",
        "millisecond": "milisecond",
        "milliseconds": "miliseconds",
        "minimum": "minium minimun",
        "necessary": "neccessary necesary",
        "notification": "notifcation notificaton",
        "number": "nubmer numer",
        "occurred": "occured ocurred",
        "occurrence": "occurence occurrance",
        "optional": "optinal optonal",
        "parameter": "paramter parmeter paremeter",
        "parameters": "paramters parmeters paremeters",
        "participant": "particpant partcipant",
        "permission": "permision",
        "phone": "phoen",
        "possible": "posible",
        "preferred": "prefered",
        "previous": "previuos previos",
        "privilege": "priviledge",
        "property": "proprety propery",
        "publicly": "publically",
        "queue": "queu",
        "receive": "recieve receve",
        "received": "recieved receved",
        "receives": "recieves",
        "recipient": "recipent recepient",
        "recording": "recroding recordng",
        "recommend": "recomend reccommend",
        "reference": "referance refrence",
        "referred": "refered",
        "related": "realted",
        "request": "reqeust requst",
        "required": "requried requred",
        "resource": "resouce resorce",
        "resources": "resouces resorces",
        "response": "reponse respone",
        "retrieve": "retreive retrive",
        "retrieves": "retreives retrives",
        "retrieved": "retreived retrived",
        "separate": "seperate",
        "separated": "seperated",
        "sequence": "sequnce",
        "service": "serivce servcie",
        "session": "sesion sessoin",
        "similar": "similiar",
        "specified": "specifed speficied",
        "specify": "specifiy",
        "status": "staus satus",
        "string": "stirng",
        "subscribe": "suscribe",
        "successful": "successfull succesful sucessful",
        "successfully": "succesfully sucessfully",
        "supported": "suported",
        "synchronous": "syncronous",
        "temporary": "temporay",
        "the": "teh hte",
        "threshold": "treshold",
        "through": "thorugh throught",
        "transferred": "transfered",
        "transcription": "transciption",
        "unique": "uniqe unqiue",
        "uniquely": "uniquly unqiuely",
        "unknown": "unkown",
        "until": "untill",
        "update": "udpate upate",
        "updated": "udpated upated",
        "using": "usign",
        "valid": "vaild",
        "value": "vlaue valeu",
        "verification": "verifcation",
        "version": "verison",
        "weather": "wheather",
        "webhook": "webook",
        "which": "whcih wich",
        "will": "wil",
        "with": "wiht",
        "without": "wihtout",
    }.items()
    for wrong in wrongs.split()
}
_WORD: Final = re.compile(r"[A-Za-z]+")
_MAY_REPEAT: Final = frozenset({"had", "that", "blah", "bye"})
_TWICE: Final = re.compile(r"\b([A-Za-z]+)\s+\1\b", re.IGNORECASE)
_VOWEL: Final = re.compile(r"\b[Aa] (?=(?:[aei]|o(?!ne\b|nce\b))[a-z]+)(?!eu|ewe)([a-z]+)")
_CONSONANT: Final = re.compile(r"\b[Aa]n (?!hour|honest|honou?r|heir|[xX]-)([bcdfgjklmnpqrstvwz][a-z]+)")

_Advice = str | Callable[[re.Match[str]], str]
_GRAMMAR: Final[tuple[tuple[re.Pattern[str], _Advice], ...]] = (
    (re.compile(r"\bthis is (?:value|field|parameter|property) is\b", re.IGNORECASE), "one `is` too many"),
    (re.compile(r"\b(?:the|an?) of (?:the|an?)\b", re.IGNORECASE), "a word is missing after the article"),
    (re.compile(r"\b(?:related|according|due|prior|similar) the\b", re.IGNORECASE), "`to` is missing"),
    (re.compile(r"\ballows? to (?!a\b|the\b)[a-z]+\b", re.IGNORECASE), "whom it allows is missing"),
    (re.compile(r"\bonly require for\b", re.IGNORECASE), "`required` is meant"),
    (re.compile(r"\bThe SID parent\b"), "`of the` is missing"),
    (re.compile(r"\bnumber of (?:\w+ )?(?:session|call|message|item|record|participant|resource)(?= )\b(?! of)"),
     "the plural is meant"),
    (re.compile(r"\bfor which is (?:requesting|asking)\b"), "a subject is missing"),
    (re.compile(r"\b(?:to|will|should|must|can) be (?:delete|create|update|remove|cancel|send)(?= |\.|$)"),
     "the participle is meant"),
    (re.compile(r"\w+ ,\s?(?=\w)"), "a space before the comma"),
)  # fmt: skip


@lru_cache(maxsize=8192)
def slips(text: str) -> tuple[Slip, ...]:
    """Give the slips of a text in order of kind; code, links and templates are not looked at."""
    return tuple(_slips(text))


def _slips(text: str) -> Iterator[Slip]:
    plain = _CODE.sub(" ~ ", text)
    for match in _TWICE.finditer(plain):
        if match[1].lower() not in _MAY_REPEAT and len(match[1]) > 1:
            yield Slip(found=match.group(), advice="a word twice")
    for match in _WORD.finditer(plain):
        right = _WORDS.get(match.group().lower())
        if right is not None:
            yield Slip(found=match.group(), advice=f"{right!r} is meant")
    for match in _VOWEL.finditer(plain):
        if not match[1].startswith(("uni", "use", "usu", "uti", "eu")):
            yield Slip(found=match.group() if match.group().strip() != "a" else f"a {match[1]}", advice="`an` is meant")
    for match in _CONSONANT.finditer(plain):
        yield Slip(found=match.group(), advice="`a` is meant")
    for pattern, advice in _GRAMMAR:
        for match in pattern.finditer(plain):
            yield Slip(found=match.group(), advice=advice if isinstance(advice, str) else advice(match))


_LINK: Final = re.compile(r"\[[^\]]*\]\([^)\s]*\)")
_OPEN_LINK: Final = re.compile(r"\[[^\]]*\]\((?![^)\s]*\))[^\s)]*")
_QUOTES: Final = (("\u2018", "`"), ("\u2018", "'"), ("\u201c", '"'))


@lru_cache(maxsize=8192)
def breaks(text: str) -> tuple[Slip, ...]:
    """Give the broken markup of a text: links without an end, brackets without a partner, mixed quotation marks."""
    return tuple(_breaks(text))


def _breaks(text: str) -> Iterator[Slip]:
    for match in _OPEN_LINK.finditer(text):
        yield Slip(found=match.group(), advice="the link has no closing parenthesis")
    rest = _OPEN_LINK.sub(" ", _LINK.sub(" ", text))
    bare = re.sub(r"`[^`]*`", " ", rest)
    for opening, closing in ("()", "[]"):
        if bare.count(opening) != bare.count(closing) and not re.search(r"\b\d\)|:\)|[a-z]\) ", bare):
            alone, partner = (opening, closing) if bare.count(opening) > bare.count(closing) else (closing, opening)
            yield Slip(found=alone, advice=f"a bracket without its {partner}")
    for opening, closing in _QUOTES:
        mixed = re.search(f"{opening}[^\u2018\u2019\u201c\u201d]{{1,40}}?{re.escape(closing)}", text)
        if mixed is not None and "\u2019" not in mixed.group() and "\u201d" not in mixed.group():
            yield Slip(found=mixed.group(), advice="quotation marks that do not belong together")
    if rest.count("`") % 2 and not any(opening in text for opening, _ in _QUOTES):
        yield Slip(found="`", advice="a backtick without its partner")
