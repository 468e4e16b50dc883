/* A guest of 16-bit code: a coloured text screen with a word on it, that shows what
 * is typed. F2: text scrolls by itself; F3: a picture, one block of it moving; F4:
 * back to the still text. With two serial lines it hands on what comes on one to the
 * other, so that a script can be what listens to the first. The word and its colours are patched into a copy of the image
 * (tests/support/console.sh knows where): behind "NAME=" and "ATTR=". */
	.code16
	.text
	.globl	_start

	.set	TICKS, 0x46c		/* the BIOS's count of 18.2 a second */
	.set	KEY_F2, 0x3c
	.set	KEY_F3, 0x3d
	.set	KEY_F4, 0x3e

_start:
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	cld
	movw	$0x0204, %ax		/* the four sectors behind this one */
	movw	$0x0002, %cx
	xorb	%dh, %dh
	movw	$rest, %bx
	int	$0x13
	jmp	rest

	.org	0x180
	.ascii	"ATTR="
attr:	.byte	0x1f
	.ascii	"NAME="
name:	.space	40

	.org	0x1fe
	.word	0xaa55

/* --- the main loop: keys first, then whatever moves ---------------------------- */
rest:
	call	text_screen
next:
	movb	$1, %ah			/* is there a key? */
	int	$0x16
	jz	idle
	xorb	%ah, %ah
	int	$0x16
	cmpb	$KEY_F2, %ah
	je	begin_scroll
	cmpb	$KEY_F3, %ah
	je	begin_picture
	cmpb	$KEY_F4, %ah
	je	begin_text
	testb	%al, %al
	jz	next
	cmpb	$0, mode
	jne	next
	call	put
	jmp	next
begin_text:
	movb	$0, mode
	call	text_screen
	jmp	next
begin_scroll:
	cmpb	$2, mode
	jne	1f
	call	text_screen
1:	movb	$1, mode
	jmp	next
begin_picture:
	call	picture
	movb	$2, mode
	jmp	next
idle:
	hlt				/* until the timer or a key */
	call	wire
	movw	TICKS, %ax
	cmpw	last, %ax
	je	next
	movw	%ax, last
	cmpb	$1, mode
	jb	next
	je	1f
	call	move_block
	jmp	next
1:	call	scroll_line
	jmp	next

/* --- two serial lines ------------------------------------------------------------- */
	.set	LINES, 0x400		/* the BIOS's list of their ports */
	.set	STATUS, 5
	.set	QUIET, 2000		/* looks at both before it is enough */

wire:
	cmpw	$0, LINES + 2
	je	2f
	movw	$QUIET, %cx
1:	movw	LINES, %si
	movw	LINES + 2, %di
	call	hand_on
	xchgw	%si, %di
	call	hand_on
	loop	1b
2:	ret

hand_on:				/* a byte, if there is one, from port SI to DI */
	leaw	STATUS(%si), %dx
	inb	%dx, %al
	testb	$0x01, %al
	jz	1f
	leaw	STATUS(%di), %dx
	inb	%dx, %al
	testb	$0x20, %al
	jz	1f
	movw	%si, %dx
	inb	%dx, %al
	movw	%di, %dx
	outb	%al, %dx
	movw	$QUIET, %cx
1:	ret

/* --- text ------------------------------------------------------------------------ */
text_screen:
	movw	$0x0003, %ax		/* 80x25 */
	int	$0x10
	movb	$1, %ah			/* no cursor: it would blink in pictures of this */
	movw	$0x2000, %cx
	int	$0x10
	movw	$0x0600, %ax		/* all of it in our colours */
	movb	attr, %bh
	xorw	%cx, %cx
	movw	$0x184f, %dx
	int	$0x10
	movw	$0x0204, %dx
	call	go
	movw	$title, %si
	call	say
	movw	$name, %si
	call	say
	movw	$0x0404, %dx
	call	go
	movw	$typed, %si
	call	say
	ret

go:					/* DX: row and column */
	movb	$2, %ah
	xorw	%bx, %bx
	int	$0x10
	ret

say:					/* SI: text, a zero at its end */
	lodsb
	testb	%al, %al
	jz	1f
	call	put
	jmp	say
1:	ret

put:					/* AL: one character, at the cursor */
	pusha
	movb	$0x0e, %ah
	movw	$7, %bx
	int	$0x10
	popa
	ret

scroll_line:				/* one line of 60 letters that look drawn by lot */
	movw	$60, %cx
1:	movw	seed, %ax
	imulw	$25173, %ax
	addw	$13849, %ax
	movw	%ax, seed
	movb	%ah, %al
	andb	$0x3f, %al
	addb	$'!', %al
	call	put
	loop	1b
	movw	$newline, %si
	call	say
	ret

/* --- picture: 800x600, 32 bits, by the VBE's linear frame buffer ----------------- */
	.set	MODE_INFO, 0x9000
	.set	PITCH_AT, MODE_INFO + 16
	.set	BASE_AT, MODE_INFO + 40
	.set	VBE_MODE, 0x4143	/* 800x600x32 of QEMU's VGAs, linear */
	.set	BLOCK, 64
	.set	RUN, 50

picture:
	movw	$0x4f01, %ax
	movw	$VBE_MODE, %cx
	movw	$MODE_INFO, %di
	int	$0x10
	movw	$0x4f02, %ax
	movw	$VBE_MODE, %bx
	int	$0x10
	call	protect
	movl	BASE_AT, %edi		/* each row in runs of one colour */
	xorw	%dx, %dx
1:	pushl	%edi
	movw	$800 / RUN, %bx
2:	imulw	$29, %bx, %ax
	shll	$16, %eax
	movw	%dx, %ax
	shlw	$3, %ax
	movl	$RUN, %ecx
	addr32 rep stosl
	decw	%bx
	jnz	2b
	popl	%edi
	movzwl	PITCH_AT, %eax
	addl	%eax, %edi
	incw	%dx
	cmpw	$600, %dx
	jb	1b
	jmp	unprotect

move_block:				/* a square whose place and colours change */
	call	protect
	incw	frame
	movzwl	frame, %eax
	andl	$0xff, %eax
	movzwl	PITCH_AT, %edi
	imull	%eax, %edi
	leal	(%edi, %eax, 8), %edi
	addl	BASE_AT, %edi
	movw	$BLOCK, %dx
1:	pushl	%edi
	movw	%dx, %ax
	addw	frame, %ax
	shll	$17, %eax
	movw	%dx, %ax
	movl	$BLOCK, %ecx
	addr32 rep stosl
	popl	%edi
	movzwl	PITCH_AT, %eax
	addl	%eax, %edi
	decw	%dx
	jnz	1b
	jmp	unprotect

/* All memory is reached in protected mode, properly entered and left: segments in
 * real mode with more than their 64 KiB can make KVM emulate each instruction. */
	.set	FLAT, 8
	.set	CODE, 16
	.set	PLAIN, 24

	.macro	load_segments selector
	movw	$\selector, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	%ax, %ss
	.endm

protect:
	cli
	inb	$0x92, %al		/* address line 20 */
	orb	$2, %al
	outb	%al, $0x92
	lgdt	table_at
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmp	$CODE, $1f
1:	load_segments FLAT
	ret

unprotect:
	load_segments PLAIN
	movl	%cr0, %eax
	andb	$0xfe, %al
	movl	%eax, %cr0
	ljmp	$0, $1f
1:	load_segments 0
	sti
	ret

	.balign	8
table:	.quad	0
	.word	0xffff, 0, 0x9200, 0x00cf	/* FLAT: data, 4 GiB */
	.word	0xffff, 0, 0x9a00, 0		/* CODE: 16 bits, 64 KiB */
	.word	0xffff, 0, 0x9200, 0		/* PLAIN: data, 64 KiB */
table_at:
	.word	31
	.long	table

mode:	.byte	0			/* 0 still text, 1 scrolling text, 2 picture */
last:	.word	0
seed:	.word	4711
frame:	.word	0
title:	.asciz	"This is "
typed:	.asciz	"> "
newline:
	.asciz	"\r\n"
	.org	0xa00
