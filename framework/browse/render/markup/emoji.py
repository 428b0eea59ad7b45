# ruff: noqa: RUF001 - of emoji that look like signs
"""Names between colons that stand for emoji, as GitHub has them: those that READMEs use."""

import re

from markdown_it.rules_core import StateCore

_NAMES = """
+1 👍 -1 👎 100 💯 alarm_clock ⏰ alembic ⚗️ ambulance 🚑 anchor ⚓ apple 🍎 arrow_down ⬇️ arrow_left ⬅️
arrow_right ➡️ arrow_up ⬆️ art 🎨 atom_symbol ⚛️ balance_scale ⚖️ balloon 🎈 bangbang ‼️ bar_chart 📊 battery 🔋
bear 🐻 beer 🍺 beers 🍻 beetle 🐞 bell 🔔 birthday 🎂 bird 🐦 black_square_button 🔲 blue_book 📘 blue_heart 💙
blush 😊 bomb 💣 book 📖 bookmark 🔖 bookmark_tabs 📑 books 📚 boom 💥 bow 🙇 brain 🧠 briefcase 💼
broken_heart 💔 bug 🐛 building_construction 🏗️ bulb 💡 bust_in_silhouette 👤 busts_in_silhouette 👥 calendar 📅
camera 📷 card_file_box 🗃️ cat 🐱 chains ⛓️ chart_with_downwards_trend 📉 chart_with_upwards_trend 📈
checkered_flag 🏁 children_crossing 🚸 clap 👏 clapper 🎬 clipboard 📋 closed_book 📕 closed_lock_with_key 🔐
cloud ☁️ coffee ☕ coffin ⚰️ computer 💻 confetti_ball 🎊 construction 🚧 construction_worker 👷 copyright ©️
credit_card 💳 crossed_fingers 🤞 cry 😢 crystal_ball 🔮 dart 🎯 dash 💨 date 📆
diamond_shape_with_a_dot_inside 💠 dizzy 💫 dna 🧬 dog 🐶 dolphin 🐬 door 🚪 dragon 🐉 droplet 💧 ear_of_rice 🌾
earth_africa 🌍 earth_americas 🌎 earth_asia 🌏 egg 🥚 electric_plug 🔌 elephant 🐘 email 📧 envelope ✉️
evergreen_tree 🌲 exclamation ❗ eyes 👀 file_cabinet 🗄️ file_folder 📁 fire 🔥 fish 🐟 fist ✊ floppy_disk 💾
fork_and_knife 🍴 four_leaf_clover 🍀 game_die 🎲 gear ⚙️ gem 💎 ghost 👻 gift 🎁 globe_with_meridians 🌐
goal_net 🥅 green_book 📗 green_heart 💚 grey_question ❔ grin 😁 guitar 🎸 hammer 🔨 hammer_and_wrench 🛠️
hatching_chick 🐣 heart ❤️ heart_eyes 😍 heartpulse 💗 heavy_check_mark ✔️ heavy_exclamation_mark ❗
heavy_minus_sign ➖ heavy_plus_sign ➕ herb 🌿 hocho 🔪 honeybee 🐝 hospital 🏥 hourglass ⌛
hourglass_flowing_sand ⏳ house 🏠 hugs 🤗 inbox_tray 📥 information_source ℹ️ iphone 📱 joy 😂 key 🔑 label 🏷️
large_blue_circle 🔵 laughing 😆 leaves 🍃 ledger 📒 left_speech_bubble 🗨️ link 🔗 lipstick 💄 lock 🔒
lock_with_ink_pen 🔏 loud_sound 🔊 loudspeaker 📢 mag 🔍 mag_right 🔎 mailbox 📫 man_technologist 👨‍💻 map 🗺️
mega 📣 memo 📝 microbe 🦠 microphone 🎤 microscope 🔬 milky_way 🌌 money_with_wings 💸 monocle_face 🧐 moon 🌔
mortar_board 🎓 mountain ⛰️ mouse 🐭 movie_camera 🎥 muscle 💪 mushroom 🍄 musical_note 🎵 necktie 👔 new 🆕
newspaper 📰 no_entry ⛔ no_entry_sign 🚫 notebook 📓 notes 🎶 nut_and_bolt 🔩 ocean 🌊 octopus 🐙 ok_hand 👌
open_file_folder 📂 orange_book 📙 outbox_tray 📤 package 📦 page_facing_up 📄 page_with_curl 📃 palm_tree 🌴
panda_face 🐼 paperclip 📎 passport_control 🛂 pencil 📝 pencil2 ✏️ penguin 🐧 petri_dish 🧫 phone ☎️ pill 💊
point_down 👇 point_left 👈 point_right 👉 point_up ☝️ point_up_2 👆 poop 💩 pray 🙏 printer 🖨️ purple_heart 💜
pushpin 📌 question ❓ rabbit 🐰 rainbow 🌈 raised_hands 🙌 recycle ♻️ red_circle 🔴 registered ®️ repeat 🔁
rewind ⏪ robot 🤖 rocket 🚀 rotating_light 🚨 round_pushpin 📍 satellite 📡 school 🏫 scissors ✂️ scroll 📜
see_no_evil 🙈 seedling 🌱 shield 🛡️ ship 🚢 shrug 🤷 skull 💀 slightly_smiling_face 🙂 smile 😄 smiley 😃
snail 🐌 snake 🐍 snowflake ❄️ sos 🆘 sparkles ✨ speech_balloon 💬 spiral_calendar 🗓️ spiral_notepad 🗒️ star ⭐
star2 🌟 stars 🌠 steam_locomotive 🚂 stethoscope 🩺 stop_sign 🛑 stopwatch ⏱️ straight_ruler 📏
sun_with_face 🌞 sunglasses 😎 sunny ☀️ surfer 🏄 sweat_smile 😅 tada 🎉 telescope 🔭 test_tube 🧪
thermometer 🌡️ thinking 🤔 thought_balloon 💭 thumbsdown 👎 thumbsup 👍 ticket 🎫 timer_clock ⏲️ tm ™️
toolbox 🧰 top 🔝 triangular_flag_on_post 🚩 triangular_ruler 📐 trophy 🏆 truck 🚚 turtle 🐢 tv 📺
twisted_rightwards_arrows 🔀 umbrella ☔ unlock 🔓 v ✌️ vertical_traffic_light 🚦 video_camera 📹 video_game 🎮
volcano 🌋 warning ⚠️ wastebasket 🗑️ wave 👋 weight_lifting 🏋️ whale 🐳 wheelchair ♿ white_check_mark ✅
white_circle ⚪ wink 😉 woman_technologist 👩‍💻 world_map 🗺️ wrench 🔧 writing_hand ✍️ x ❌ yellow_heart 💛
yum 😋 zap ⚡ zzz 💤
"""
_WORDS = _NAMES.split()
EMOJI = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))
_NAME = re.compile(r":([a-z0-9_+-]{1,40}):")
_APART = re.compile(r"(?<![\w:])(?::[a-z0-9_+-]{1,40}:)++(?![\w:])")
"""Names that are not in the middle of a word, as in `std::x::y`."""


def replace_names(state: StateCore) -> None:
    """Put emoji in the place of their names, in text alone; ids of headings are made of the names."""
    for token in state.tokens:
        for child in token.children or []:
            if child.type == "text" and child.content.count(":") > 1:
                child.content = _APART.sub(_replace, child.content)


def _replace(names: re.Match[str]) -> str:
    return _NAME.sub(lambda found: EMOJI.get(found[1], found[0]), names[0])
