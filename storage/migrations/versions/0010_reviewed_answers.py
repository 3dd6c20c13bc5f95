"""reviewed answers, and the style in which a conversation is answered

Revision: 0010, after 0009
Made: 2026-11-20 10:40:00
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('reviewed_answers',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('region', sa.String(length=40), nullable=False),
    sa.Column('questions', sa.JSON(), nullable=False),
    sa.Column('plan', sa.String(length=60), nullable=True),
    sa.Column('provision', sa.String(length=140), nullable=True),
    sa.Column('clause', sa.String(length=60), nullable=True),
    sa.Column('quote', sa.Text(), nullable=True),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('office', sa.String(length=120), nullable=True),
    sa.Column('office_day', sa.Date(), nullable=True),
    sa.Column('made_by', sa.String(length=80), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_by', sa.String(length=80), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('reviewed_answers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reviewed_answers_region'), ['region'], unique=False)

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('style', sa.String(length=10), server_default='plain', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.drop_column('style')

    with op.batch_alter_table('reviewed_answers', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reviewed_answers_region'))

    op.drop_table('reviewed_answers')
