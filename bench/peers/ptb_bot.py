"""python-telegram-bot's ConversationHandler with PicklePersistence, as in its own example."""

import json
import logging
import os
from pathlib import Path

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    PicklePersistence,
)

WORDS = json.loads(Path(__file__).parents[1].joinpath("dialog.json").read_text())
NEXT = [[[WORDS["next"], "n"]]]
INTENSITY, TECHNIQUE, STEP, RATING = range(4)
Context = ContextTypes.DEFAULT_TYPE


def keyboard(rows: list[list[list[str]]]) -> InlineKeyboardMarkup:
    """The rows as telegram wants them."""
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=data) for text, data in row] for row in rows]
    )


async def show(update: Update, text: str, rows: list[list[list[str]]] | None = None) -> None:
    """End the spinner and change the message."""
    await update.callback_query.answer()
    await update.callback_query.edit_message_text(text, reply_markup=keyboard(rows) if rows else None)


async def soothe(update: Update, context: Context) -> int:
    """Begin."""
    context.user_data.clear()
    await update.message.reply_text(WORDS["intensity"]["text"], reply_markup=keyboard(WORDS["intensity"]["buttons"]))
    return INTENSITY


async def intensity(update: Update, context: Context) -> int:
    """The number before."""
    context.user_data["before"] = update.callback_query.data[2:]
    await show(update, WORDS["technique"]["text"], WORDS["technique"]["buttons"])
    return TECHNIQUE


async def technique(update: Update, context: Context) -> int:
    """The exercise."""
    chosen = update.callback_query.data[2:]
    context.user_data.update(technique=chosen, step=0)
    await show(update, WORDS["steps"][chosen][0], NEXT)
    return STEP


async def step(update: Update, context: Context) -> int:
    """Each of its steps."""
    kept = context.user_data
    kept["step"] += 1
    steps = WORDS["steps"][kept["technique"]]
    if kept["step"] < len(steps):
        await show(update, steps[kept["step"]], NEXT)
        return STEP
    await show(update, WORDS["rating"]["text"], WORDS["rating"]["buttons"])
    return RATING


async def rating(update: Update, context: Context) -> int:
    """The number after."""
    context.user_data["after"] = update.callback_query.data[2:]
    await show(update, WORDS["end"]["text"])
    return ConversationHandler.END


logging.basicConfig(level=logging.WARNING)
base = os.environ["TELEGRAM_BASE_URL"]
application = (
    ApplicationBuilder()
    .token(os.environ["BOT_TOKEN"])
    .base_url(f"{base}/bot")
    .pool_timeout(30)
    .persistence(PicklePersistence(Path(os.environ["BENCH_DIR"]) / "bot.pickle"))
    .build()
)
application.add_handler(
    ConversationHandler(
        entry_points=[CommandHandler("soothe", soothe)],
        states={
            INTENSITY: [CallbackQueryHandler(intensity, r"^i:")],
            TECHNIQUE: [CallbackQueryHandler(technique, r"^t:")],
            STEP: [CallbackQueryHandler(step, r"^n$")],
            RATING: [CallbackQueryHandler(rating, r"^r:")],
        },
        fallbacks=[CommandHandler("soothe", soothe)],
        allow_reentry=True,
        name="soothe",
        persistent=True,
    )
)
application.run_polling(poll_interval=0.0, timeout=10)
