"""What columns are called, in the languages people name them in.

A role's names stand in the order of preference: where two columns fit, the earlier name wins.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from retrieval.languages import code_of, known_codes

ROLES = {
    "id": "the document's id",
    "title": "the document's title",
    "text": "the document's text",
    "lang": "the language of the row",
    "query": "a question that the row's text answers",
    "query_id": "the question's id",
    "answer": "the answer within the text; where it is empty, the question has none",
    "score": "the grade of the text for the question",
}
"""Role → what it is."""

_NAMES = {
    "id": (
        "_id id docid doc_id document_id pid passage_id uid uuid guid key identifier identifiant identificador "
        "identificativo código codigo clave matricule kennung kennziffer nummer number nr no код номер ид معرف رقم 编号 編號 번호 番号 आईडी รหัส"
    ),
    "title": (
        "title titel titre título titulo titolo tytuł başlık naslov cím otsikko tittel titlu τίτλος заголовок "
        "название заглавие عنوان العنوان כותרת शीर्षक 标题 標題 题目 題名 タイトル 제목 ชื่อเรื่อง หัวข้อ tiêu_đề judul "
        "headline heading überschrift name subject betreff sujet asunto oggetto nombre nom nome"
    ),
    "text": (
        "text texts full_text texte texto testo tekst metin szöveg teksti text_content κείμενο текст نص النص טקסט "
        "पाठ 文本 正文 テキスト 本文 텍스트 본문 ข้อความ เนื้อหา văn_bản nội_dung teks content contents contenu contenido "
        "conteúdo conteudo contenuto inhalt innehåll indhold inhoud obsah treść içerik содержание содержимое المحتوى "
        "محتوى תוכן सामग्री 内容 內容 내용 body passage passages paragraph paragraphs context document documents doc "
        "dokument documento article artikel artículo articolo статья مقال 文章 記事 段落 chunk page_content abstract "
        "description beschreibung descripción descripcion descrição descrizione описание الوصف 描述 説明 설명 desc "
        "summary zusammenfassung résumé resumen sentence satz message nachricht post tweet comment review"
    ),
    "lang": (
        "lang language lang_code language_code locale sprache langue idioma lingua língua taal språk sprog kieli "
        "język jazyk nyelv dil limbă γλώσσα язык мова اللغة لغة שפה भाषा 语言 語言 言語 언어 ภาษา ngôn_ngữ bahasa iso"
    ),
    "query": (
        "query queries question questions q anfrage frage pregunta consulta pergunta question_text query_text "
        "domanda requête vraag fråga spørgsmål spørsmål kysymys pytanie otázka kérdés soru întrebare ερώτηση вопрос "
        "запрос питання سؤال السؤال استفسار שאלה प्रश्न सवाल 问题 問題 質問 クエリ 질문 질의 คำถาม câu_hỏi pertanyaan"
    ),
    "query_id": "query_id queryid qid question_id questionid frage_id pregunta_id",
    "answer": (
        "answer answers a response reply antwort antworten réponse reponse réponses respuesta resposta risposta "
        "antwoord svar vastaus odpowiedź odpověď válasz cevap yanıt răspuns απάντηση ответ відповідь إجابة الإجابة "
        "جواب الجواب תשובה उत्तर जवाब 答案 回答 解答 答え 답변 대답 คำตอบ câu_trả_lời trả_lời jawaban"
    ),
    "score": "score grade relevance relevancy label similar rating_relevance relevanz pertinence relevancia",
}
_ONLY_WHOLE = {
    *("q", "a", "key", "no", "nr", "number", "nummer", "name", "nom", "nome", "nombre", "subject", "betreff", "sujet"),
    *("asunto", "oggetto", "label", "score", "grade", "similar", "iso", "post", "review", "comment", "message"),
    *("response", "reply"),
}
"""Names that say nothing as the last word of a longer one: a ``user_name`` is no title."""

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column's name taken apart: ``answer_fr`` has the stem ``answer`` and the language ``fr``."""

    stem: str
    lang: str = ""

    @property
    def last(self) -> str:
        """The last word of the stem."""
        return self.stem.rsplit("_", 1)[-1]


def normalise(name: str) -> str:
    """Lower case, one underscore between words: ``"Doc-ID"`` and ``"docId"`` become ``"doc_id"``."""
    words = re.split(r"[\s\W_]+", _CAMEL.sub("_", unicodedata.normalize("NFKC", name)))
    leading = "_" if name.startswith("_") else ""
    return leading + "_".join(word.casefold() for word in words if word)


def take_apart(name: str) -> ColumnName:
    """Split off a trailing number or language code, unless it is what the column is about.

    >>> take_apart("q_en"), take_apart("question_2"), take_apart("doc_id")
    (ColumnName(stem='q', lang='en'), ColumnName(stem='question', lang=''), ColumnName(stem='doc_id', lang=''))
    """
    whole = normalise(_answers(name))
    stem, _, end = whole.rpartition("_")
    if not stem or end in _ORDER["id"]:
        return ColumnName(whole)
    if end.isdigit():
        return ColumnName(stem)
    code = code_of(end)
    return ColumnName(stem, code) if code in known_codes() else ColumnName(whole)


def _answers(name: str) -> str:
    """SQuAD's ``answers.text`` is an answer and no document's text."""
    root = name.split(".", 1)[0]
    return root if normalise(root) in _ORDER["answer"] else name


def fit(name: str, role: str) -> tuple[int, int] | None:
    """How well a column's name fits a role, the lower the better, or None: whole name, then last word."""
    parts = take_apart(name)
    order = _ORDER[role]
    for level, candidate in enumerate((normalise(_answers(name)), parts.stem)):
        if candidate in order:
            return level, order[candidate]
    if parts.last in order and parts.last not in _ONLY_WHOLE:
        return 2, order[parts.last]
    return None


def _order(names: str) -> dict[str, int]:
    """Name → place, normalised as columns are: Hindi's vowel signs, for one, are no letters to ``re``."""
    return {normalise(name): place for place, name in reversed([*enumerate(names.split())])}


_ORDER = {role: _order(names) for role, names in _NAMES.items()}
