-- The media types that evidence may have, what libmagic 5.44 calls their content, and how their names end.
-- Office documents that libmagic cannot tell apart go by their container: an OOXML package whose third member is none
-- of word, xl and ppt, an OLE file whose directory lies far behind.

insert into anze.file_type as kept (media_type, found, extensions, title_zh, title_en) values
    ('application/pdf', '{application/pdf}', '{pdf}', 'PDF 文档', 'PDF document'),
    ('image/jpeg', '{image/jpeg}', '{jpg,jpeg}', 'JPEG 图片', 'JPEG picture'),
    ('image/png', '{image/png}', '{png}', 'PNG 图片', 'PNG picture'),
    ('image/gif', '{image/gif}', '{gif}', 'GIF 图片', 'GIF picture'),
    ('image/tiff', '{image/tiff}', '{tif,tiff}', 'TIFF 图片', 'TIFF picture'),
    ('image/heic', '{image/heic,image/heif}', '{heic,heif}', 'HEIC 图片', 'HEIC picture'),
    ('application/vnd.openxmlformats-officedocument.wordprocessingml.document',
     '{application/vnd.openxmlformats-officedocument.wordprocessingml.document,application/vnd.openxmlformats-officedocument}',
     '{docx}', 'Word 文档', 'Word document'),
    ('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
     '{application/vnd.openxmlformats-officedocument.spreadsheetml.sheet,application/vnd.openxmlformats-officedocument}',
     '{xlsx}', 'Excel 表格', 'Excel sheet'),
    ('application/vnd.openxmlformats-officedocument.presentationml.presentation',
     '{application/vnd.openxmlformats-officedocument.presentationml.presentation,application/vnd.openxmlformats-officedocument}',
     '{pptx}', 'PowerPoint 演示文稿', 'PowerPoint presentation'),
    ('application/msword', '{application/msword,application/CDFV2,application/x-ole-storage,application/vnd.ms-office}',
     '{doc}', 'Word 97-2003 文档', 'Word 97-2003 document'),
    ('application/vnd.ms-excel',
     '{application/vnd.ms-excel,application/CDFV2,application/x-ole-storage,application/vnd.ms-office}',
     '{xls}', 'Excel 97-2003 表格', 'Excel 97-2003 sheet'),
    ('video/mp4', '{video/mp4}', '{mp4}', 'MP4 视频', 'MP4 video'),
    ('audio/mpeg', '{audio/mpeg}', '{mp3}', 'MP3 音频', 'MP3 audio'),
    ('audio/mp4', '{audio/x-m4a,audio/mp4,video/mp4}', '{m4a}', 'M4A 音频', 'M4A audio'),
    ('audio/amr', '{audio/amr,audio/AMR}', '{amr}', 'AMR 录音', 'AMR recording'),
    ('text/plain', '{text/plain,text/csv}', '{txt}', '文本', 'Plain text'),
    ('text/csv', '{text/csv,text/plain}', '{csv}', 'CSV 表格', 'CSV table')
on conflict on constraint file_type_pkey do update
set found = excluded.found, extensions = excluded.extensions, title_zh = excluded.title_zh,
    title_en = excluded.title_en
where (kept.found, kept.extensions, kept.title_zh, kept.title_en)
    is distinct from (excluded.found, excluded.extensions, excluded.title_zh, excluded.title_en);
